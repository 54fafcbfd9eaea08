/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp filters: compiled, loaded in a child, and judged by what the kernel then does. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "security/seccomp_compile.h"
#include "security/seccomp_filter.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/names.h"
#include "cmocka_range.h"
#include "native_architecture.h"
#include "sys/unix_socket.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
enum { NEVER_EXISTING = 4000, LOAD_FAILED = 120 };

static char logged[1024];
static struct arena arena;

/* The words of @list. */
static struct plan_strings names(const char *list) {
    char *copy = arena_strdup(&arena, list);
    char **items = arena_new_array(&arena, strlen(list) + 1, char *);
    char *rest = NULL;
    size_t count = 0;
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        items[count++] = word;
    return (struct plan_strings){.items = items, .count = count};
}

static void keep_line(void *userdata, enum thole_log_level level, const char *line) {
    (void)userdata;
    (void)level;
    (void)snprintf(logged + strlen(logged), sizeof(logged) - strlen(logged), "%s\n", line);
}

static const struct thole_log test_log = {.level = THOLE_LOG_DEBUG, .write = keep_line};

static void compile(const struct plan_seccomp *plan, struct seccomp_filter *filter) {
    struct thole_error err = {0};
    logged[0] = '\0';
    if (seccomp_compile(plan, &test_log, filter, &err) < 0)
        fail_msg("%s: %s", err.where, err.text);
    assert_uint_in_range(filter->count, 1, BPF_MAXINSNS);
}

/* A sanitizer's exit handler would need more system calls than a strict filter leaves. */
static void end_process(int code) {
    (void)syscall(SYS_exit_group, code);
}

/* errno of the system call after the filter is loaded, 0 if it worked; waitpid(2) status. */
static int run(const struct seccomp_filter *filter, long number, long first, long second) {
    int status = -1;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct thole_error err = {0};
        /* The test framework catches it. */
        (void)signal(SIGSYS, SIG_DFL);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_filter_load(filter, &err) < 0)
            _exit(LOAD_FAILED);
        errno = 0;
        long result = syscall(number, first, second, 0L);
        end_process(result < 0 ? errno : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

#define assert_errno(filter, expected, ...)                 \
    do {                                                    \
        int status_ = run(filter, __VA_ARGS__);             \
        assert_true(WIFEXITED(status_));                    \
        assert_int_equal(WEXITSTATUS(status_), (expected)); \
    } while (0)

#define assert_killed(filter, expected, ...)             \
    do {                                                 \
        int status_ = run(filter, __VA_ARGS__);          \
        assert_true(WIFSIGNALED(status_));               \
        assert_int_equal(WTERMSIG(status_), (expected)); \
    } while (0)

/* ---- needs libseccomp ---- */

#define SKIP_WITHOUT_LIBSECCOMP()                                    \
    do {                                                             \
        if (seccomp_library_version() == NULL) {                     \
            print_message("skipped: libseccomp.so.2 is not here\n"); \
            skip();                                                  \
        }                                                            \
    } while (0)

#ifdef __SANITIZE_ADDRESS__
#define SKIP_UNDER_SANITIZER()                                                               \
    do {                                                                                     \
        print_message("skipped: the sanitizer's own system calls meet the strict filter\n"); \
        skip();                                                                              \
    } while (0)
#else
#define SKIP_UNDER_SANITIZER() (void)0
#endif

static void test_actions(void **state) {
    SKIP_WITHOUT_LIBSECCOMP();
    (void)state;
    struct plan_seccomp_rule rules[] = {
        {.names = names("getcwd"), .action = SECCOMP_RET_ERRNO, .errno_ret = EXDEV},
        {.names = names("mkdir mkdirat"), .action = (int)SECCOMP_RET_KILL_PROCESS},
        {.names = names("unlinkat"), .action = SECCOMP_RET_KILL_THREAD},
        {.names = names("chdir"), .action = SECCOMP_RET_TRAP},
        /* Without a tracer a traced call fails with ENOSYS. */
        {.names = names("umask"), .action = SECCOMP_RET_TRACE, .errno_ret = 7},
        {.names = names("fchdir"), .action = SECCOMP_RET_LOG},
    };
    const struct plan_seccomp plan = {
        .default_action = SECCOMP_RET_ALLOW,
        .default_errno_ret = EPERM,
        .flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_TSYNC,
        .rules = rules,
        .rule_count = COUNT(rules),
        .where = "/linux/seccomp",
    };
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    compile(&plan, &filter);
    assert_int_equal(filter.flags, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
    assert_errno(&filter, EXDEV, SYS_getcwd, 0, 0);
    assert_killed(&filter, SIGSYS, SYS_mkdirat, 0, 0);
    assert_killed(&filter, SIGSYS, SYS_unlinkat, 0, 0);
    assert_killed(&filter, SIGSYS, SYS_chdir, 0, 0);
    assert_errno(&filter, ENOSYS, SYS_umask, 0, 0);
    assert_errno(&filter, EBADF, SYS_fchdir, -1, 0);
    assert_errno(&filter, 0, SYS_getpid, 0, 0);
    /* The default is ALLOW: the kernel itself answers. */
    assert_errno(&filter, ENOSYS, NEVER_EXISTING, 0, 0);
}

/* What a C library needs to end, and statx as the newest. */
#define ENOUGH "exit_group exit write seccomp prctl statx"

static void test_newer_calls_get_enosys(void **state) {
    SKIP_WITHOUT_LIBSECCOMP();
    SKIP_UNDER_SANITIZER();
    (void)state;
    struct plan_seccomp_rule rules[] = {
        {.names = names(ENOUGH), .action = SECCOMP_RET_ALLOW},
    };
    struct plan_seccomp plan = {
        .default_action = SECCOMP_RET_ERRNO,
        .default_errno_ret = EPERM,
        .architectures = names(NATIVE " " OTHERS),
        .rules = rules,
        .rule_count = COUNT(rules),
        .where = "/linux/seccomp",
    };
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    compile(&plan, &filter);
    assert_errno(&filter, EPERM, SYS_getpid, 0, 0);
    assert_errno(&filter, EFAULT, SYS_statx, -1, 0);
    assert_errno(&filter, ENOSYS, SYS_statx + 1, 0, 0);
    assert_errno(&filter, ENOSYS, SYS_clone3, 0, 0);
    assert_errno(&filter, ENOSYS, NEVER_EXISTING, 0, 0);
#ifdef __x86_64__
    assert_errno(&filter, EPERM, 0x40000000 | SYS_getpid, 0, 0);
    assert_errno(&filter, ENOSYS, 0x40000000 | NEVER_EXISTING, 0, 0);
#endif

    /* Another default errno is what the author of the profile wanted. */
    cleanup_seccomp_filter struct seccomp_filter other = {0};
    plan.default_errno_ret = EACCES;
    compile(&plan, &other);
    assert_errno(&other, EACCES, SYS_getpid, 0, 0);
    assert_errno(&other, EACCES, NEVER_EXISTING, 0, 0);
}

#ifdef __x86_64__
static int call_32_bit(int number) {
    int result;
    __asm__ volatile("int $0x80"
                     : "=a"(result)
                     : "a"(number), "b"(0)
                     : "memory", "r8", "r9", "r10", "r11");
    return result;
}

/* Outcome of a system call by the 32-bit entry: -result, or 1000 + signal. */
static int run_32_bit(const struct seccomp_filter *filter, int number) {
    int status = -1;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)signal(SIGSYS, SIG_DFL);
        (void)signal(SIGSEGV, SIG_DFL);
        if (filter != NULL &&
            (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || seccomp_filter_load(filter, NULL) < 0))
            _exit(LOAD_FAILED);
        int result = call_32_bit(number);
        end_process(result < 0 ? -result : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void test_other_architectures(void **state) {
    SKIP_WITHOUT_LIBSECCOMP();
    (void)state;
    enum { GETPID_32 = 20, UMASK_32 = 60 };
    if (run_32_bit(NULL, GETPID_32) != 0) {
        print_message("skipped: this kernel has no 32-bit system calls\n");
        skip();
    }
    struct plan_seccomp_rule rules[] = {
        {.names = names(ENOUGH " getpid"), .action = SECCOMP_RET_ALLOW},
    };
    struct plan_seccomp plan = {
        .default_action = SECCOMP_RET_ERRNO,
        .default_errno_ret = EPERM,
        .architectures = names("SCMP_ARCH_X86"),
        .rules = rules,
        .rule_count = COUNT(rules),
        .where = "/linux/seccomp",
    };
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    compile(&plan, &filter);
    assert_int_equal(run_32_bit(&filter, GETPID_32), 0);
    assert_int_equal(run_32_bit(&filter, UMASK_32), EPERM);
    assert_int_equal(run_32_bit(&filter, NEVER_EXISTING), ENOSYS);
    assert_errno(&filter, 0, SYS_getpid, 0, 0);

    /* An architecture that is not named is refused altogether. */
    cleanup_seccomp_filter struct seccomp_filter native = {0};
    plan.architectures = names("SCMP_ARCH_FANTASY");
    compile(&plan, &native);
    assert_non_null(strstr(logged, "SCMP_ARCH_FANTASY"));
    assert_int_equal(run_32_bit(&native, GETPID_32), 1000 + SIGSYS);
}
#endif

static int operator(const char *word) {
    return (int)names_find(names_seccomp_operators, word)->value;
}

static void test_arguments(void **state) {
    SKIP_WITHOUT_LIBSECCOMP();
    (void)state;
    struct plan_seccomp_argument both[] = {
        {.index = 0, .value = 5, .op = operator("SCMP_CMP_EQ")},
        {.index = 1, .value = 100, .op = operator("SCMP_CMP_GE")},
    };
    struct plan_seccomp_argument either[] = {
        {.index = 0, .value = 1, .op = operator("SCMP_CMP_EQ")},
        {.index = 0, .value = 3, .op = operator("SCMP_CMP_EQ")},
    };
    struct plan_seccomp_argument masked[] = {
        {.index = 0, .value = 0xf0, .value_two = 0x10, .op = operator("SCMP_CMP_MASKED_EQ")},
    };
    struct plan_seccomp_rule rules[] = {
        {.names = names("getpriority"),
         .action = SECCOMP_RET_ERRNO,
         .errno_ret = EXDEV,
         .arguments = both,
         .argument_count = 2},
        {.names = names("getpgid"),
         .action = SECCOMP_RET_ERRNO,
         .errno_ret = EXDEV,
         .arguments = either,
         .argument_count = 2},
        {.names = names("umask"),
         .action = SECCOMP_RET_ERRNO,
         .errno_ret = EXDEV,
         .arguments = masked,
         .argument_count = 1},
    };
    const struct plan_seccomp plan = {
        .default_action = SECCOMP_RET_ALLOW,
        .rules = rules,
        .rule_count = COUNT(rules),
        .where = "/linux/seccomp",
    };
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    compile(&plan, &filter);
    assert_errno(&filter, EXDEV, SYS_getpriority, 5, 100);
    assert_errno(&filter, EINVAL, SYS_getpriority, 5, 99);
    assert_errno(&filter, EINVAL, SYS_getpriority, 6, 100);
    assert_errno(&filter, EXDEV, SYS_getpgid, 1, 0);
    assert_errno(&filter, EXDEV, SYS_getpgid, 3, 0);
    assert_errno(&filter, 0, SYS_getpgid, 0, 0);
    assert_errno(&filter, EXDEV, SYS_umask, 0x1f, 0);
    assert_errno(&filter, 0, SYS_umask, 0x3f, 0);
}

static void test_unknown_names(void **state) {
    SKIP_WITHOUT_LIBSECCOMP();
    (void)state;
    struct thole_error err = {0};
    struct plan_seccomp_rule rules[] = {
        {.names = names("no_such_call getcwd"),
         .action = SECCOMP_RET_ERRNO,
         .errno_ret = EXDEV,
         .where = "/linux/seccomp/syscalls/0"},
        /* libseccomp refuses a rule that says what the default says. */
        {.names = names("getpid"), .action = SECCOMP_RET_ALLOW},
    };
    struct plan_seccomp plan = {
        .default_action = SECCOMP_RET_ALLOW,
        .rules = rules,
        .rule_count = COUNT(rules),
        .where = "/linux/seccomp",
    };
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    compile(&plan, &filter);
    assert_non_null(strstr(logged, "no_such_call"));
    assert_errno(&filter, EXDEV, SYS_getcwd, 0, 0);

    struct seccomp_filter none = {0};
    plan.fail_unknown_syscall = true;
    assert_int_equal(seccomp_compile(&plan, &test_log, &none, &err), -1);
    assert_non_null(strstr(err.text, "no_such_call"));
    assert_string_equal(err.where, "/linux/seccomp/syscalls/0");
    assert_null(none.instructions);
}

/* More than eight rules are compiled to a binary tree; the meaning stays. */
static void test_many_rules(void **state) {
    SKIP_WITHOUT_LIBSECCOMP();
    (void)state;
    struct plan_seccomp_rule rules[] = {
        {.names = names("getcwd mkdir rmdir chdir fchdir umask chroot sync acct settimeofday mount "
                        "umount2 swapon swapoff reboot sethostname setdomainname"),
         .action = SECCOMP_RET_ERRNO,
         .errno_ret = EXDEV},
    };
    const struct plan_seccomp plan = {
        .default_action = SECCOMP_RET_ALLOW,
        .architectures = names(NATIVE " " NATIVE " " OTHERS),
        .rules = rules,
        .rule_count = COUNT(rules),
        .where = "/linux/seccomp",
    };
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    compile(&plan, &filter);
    assert_errno(&filter, EXDEV, SYS_getcwd, 0, 0);
    assert_errno(&filter, EXDEV, SYS_setdomainname, 0, 0);
    assert_errno(&filter, EXDEV, SYS_sync, 0, 0);
    assert_errno(&filter, 0, SYS_getppid, 0, 0);
}

/* ---- the listener ---- */

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char directory[512];
    (void)snprintf(directory, sizeof(directory), "%s", path);
    *strrchr(directory, '/') = '\0';
    cleanup_close int parent = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(parent >= 0);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", parent,
                   strrchr(path, '/') + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    return fd;
}

/* Accepts one connection; returns the descriptor and everything that was sent. */
static int receive_fd(int listener, char *buffer, size_t size) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } control;
    cleanup_close int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    struct iovec vector = {.iov_base = buffer, .iov_len = size - 1};
    struct msghdr message = {
        .msg_iov = &vector,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };
    ssize_t length = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    assert_true(length > 0);
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    assert_non_null(header);
    assert_int_equal(header->cmsg_type, SCM_RIGHTS);
    assert_int_equal(header->cmsg_len, CMSG_LEN(sizeof(int)));
    int received;
    memcpy(&received, CMSG_DATA(header), sizeof(received));
    ssize_t more;
    while ((more = read(fd, buffer + length, size - 1 - (size_t)length)) > 0)
        length += more;
    buffer[length] = '\0';
    return received;
}

static int notifying_child(const struct seccomp_filter *filter, const char *path) {
    struct thole_error err = {0};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return LOAD_FAILED;
    int notify = seccomp_filter_load(filter, &err);
    if (notify <= 0 || sys_unix_send_fd(path, notify, "{\"ociVersion\":\"1.3.0\"}", &err) < 0)
        return LOAD_FAILED;
    (void)close(notify);
    return syscall(SYS_getppid) == 4711 ? 0 : 1;
}

static void test_listener(void **state) {
    SKIP_WITHOUT_LIBSECCOMP();
    (void)state;
    char directory[] = "/tmp/test_seccomp.XXXXXX";
    char deep[256];
    char path[400];
    char text[256];
    assert_non_null(mkdtemp(directory));
    /* Longer than sun_path. */
    (void)snprintf(deep, sizeof(deep), "%s/%0*d", directory, 150, 0);
    assert_int_equal(mkdir(deep, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/agent.sock", deep);
    cleanup_close int listener = listen_at(path);

    struct plan_seccomp_rule rules[] = {
        {.names = names("getppid"), .action = SECCOMP_RET_USER_NOTIF}};
    const struct plan_seccomp plan = {
        .default_action = SECCOMP_RET_ALLOW,
        .flags = SECCOMP_FILTER_FLAG_TSYNC,
        .notifies = true,
        .rules = rules,
        .rule_count = 1,
        .where = "/linux/seccomp",
    };
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    compile(&plan, &filter);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(notifying_child(&filter, path));
    cleanup_close int notify = receive_fd(listener, text, sizeof(text));
    assert_string_equal(text, "{\"ociVersion\":\"1.3.0\"}");

    struct seccomp_notif request = {0};
    assert_int_equal(ioctl(notify, SECCOMP_IOCTL_NOTIF_RECV, &request), 0);
    assert_int_equal(request.data.nr, SYS_getppid);
    struct seccomp_notif_resp response = {.id = request.id, .val = 4711};
    assert_int_equal(ioctl(notify, SECCOMP_IOCTL_NOTIF_SEND, &response), 0);
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(deep), 0);
    assert_int_equal(rmdir(directory), 0);
}

static void test_listener_gone(void **state) {
    struct thole_error err = {0};
    (void)state;
    assert_int_equal(sys_unix_send_fd("/nonexistent/agent.sock", 0, "{}", &err), -1);
    assert_int_equal(err.code, ENOENT);
    assert_non_null(strstr(err.text, "/nonexistent/agent.sock"));
}

/* ---- without libseccomp ---- */

static void test_raw_filter(void **state) {
    (void)state;
    struct thole_error err = {0};
    /* ld [nr]; jeq #getppid(110 on x86-64), errno EXDEV (18), else allow. */
    const struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char bytes[sizeof(program)];
    memcpy(bytes, program, sizeof(program));
    char text[48] = "";
    size_t used = 0;
    for (size_t i = 0; i < sizeof(program); i += 3) {
        unsigned left = (unsigned)(sizeof(program) - i);
        unsigned word = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                        (left > 2 ? bytes[i + 2] : 0U);
        text[used++] = digits[word >> 18];
        text[used++] = digits[word >> 12 & 63];
        text[used++] = left > 1 ? digits[word >> 6 & 63] : '=';
        text[used++] = left > 2 ? digits[word & 63] : '=';
    }
    struct plan_seccomp plan = {
        .raw_filter = text, .flags = SECCOMP_FILTER_FLAG_LOG, .where = "/annotations"};
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    compile(&plan, &filter);
    assert_int_equal(filter.count, COUNT(program));
    assert_int_equal(filter.flags, SECCOMP_FILTER_FLAG_LOG);
    assert_memory_equal(filter.instructions, program, sizeof(program));
    assert_errno(&filter, EXDEV, SYS_getppid, 0, 0);
    assert_errno(&filter, 0, SYS_getuid, 0, 0);

    static const char *const wrong[] = {"", "AAAA", "AAA", "****", "AAAAAAAAAAA", "AAAAAAAA=AA="};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct seccomp_filter none = {0};
        plan.raw_filter = wrong[i];
        assert_int_equal(seccomp_compile(&plan, &test_log, &none, &err), -1);
        assert_int_equal(err.kind, THOLE_ERROR_CONFIG);
        assert_string_equal(err.where, "/annotations");
    }
}

static void test_save_and_read(void **state) {
    (void)state;
    struct thole_error err = {0};
    char path[] = "/tmp/test_seccomp.XXXXXX";
    struct sock_filter program[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct seccomp_filter filter = {.instructions = program, .count = 1, .flags = 5};
    const struct text key = {0};
    cleanup_seccomp_filter struct seccomp_filter copy = {0};
    assert_non_null(mkdtemp(path));
    cleanup_close int directory = open(path, O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(seccomp_filter_save(&filter, &key, directory, "filter", &err), 0);
    cleanup_close int file = openat(directory, "filter", O_RDWR | O_CLOEXEC);
    assert_int_equal(seccomp_filter_read(file, &key, "filter", &copy, &err), 0);
    assert_int_equal(copy.count, 1);
    assert_int_equal(copy.flags, 5);
    assert_memory_equal(copy.instructions, program, sizeof(program));

    /* A file cut short is no filter, and neither is a longer one. */
    struct stat status;
    assert_int_equal(fstat(file, &status), 0);
    for (off_t size = 0; size <= status.st_size + 8; size++) {
        struct seccomp_filter none = {0};
        if (size == status.st_size)
            continue;
        assert_int_equal(seccomp_filter_save(&filter, &key, directory, "filter", &err), 0);
        cleanup_close int changed = openat(directory, "filter", O_RDWR | O_CLOEXEC);
        assert_int_equal(ftruncate(changed, size), 0);
        assert_int_equal(seccomp_filter_read(changed, &key, "filter", &none, &err), -1);
    }
    assert_int_equal(unlinkat(directory, "filter", 0), 0);
    assert_int_equal(rmdir(path), 0);
}

static void test_flags(void **state) {
    (void)state;
    assert_true(seccomp_filter_flag_supported(SECCOMP_FILTER_FLAG_TSYNC));
    assert_false(seccomp_filter_flag_supported(1U << 30));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_actions),
        cmocka_unit_test(test_newer_calls_get_enosys),
#ifdef __x86_64__
        cmocka_unit_test(test_other_architectures),
#endif
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_unknown_names),
        cmocka_unit_test(test_many_rules),
        cmocka_unit_test(test_listener),
        cmocka_unit_test(test_listener_gone),
        cmocka_unit_test(test_raw_filter),
        cmocka_unit_test(test_save_and_read),
        cmocka_unit_test(test_flags),
    };
    (void)alarm(60);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_done(&arena);
    return failed;
}
