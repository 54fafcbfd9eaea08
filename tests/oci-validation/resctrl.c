/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resctrl COMMAND...: runs a command that takes the directory /sys/fs/resctrl for the filesystem of
 * that name. A supervisor answers in the kernel's place (seccomp_unotify(2)): its statfs(2) tells
 * the magic number, a new directory is a group with the files of one, a group can be removed,
 * mountinfo has a line more, and what is written to tasks and schemata is checked, kept, and logged
 * in /sys/fs/resctrl.log.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef RDTGROUP_SUPER_MAGIC
#define RDTGROUP_SUPER_MAGIC 0x7655821
#endif

enum { PATH_SIZE = 4096, DATA_SIZE = 65536 };

/* Of an answer: beside what the call returns, or an error below 0. */
#define CONTINUE LLONG_MIN
#define ANSWERED (LLONG_MIN + 1)

static const char top[] = "/sys/fs/resctrl";

struct call {
    int listener;
    const struct seccomp_notif *request;
    int pid;
    int memory;
};

/* ---- what the caller means ------------------------------------------------------------------ */

static unsigned long long argument(const struct call *call, int index) {
    return call->request->data.args[index];
}

static int read_string(const struct call *call, int index, char text[PATH_SIZE]) {
    ssize_t length = pread(call->memory, text, PATH_SIZE - 1, (off_t)argument(call, index));
    if (length <= 0)
        return -1;
    text[length] = '\0';
    return memchr(text, '\0', (size_t)length) != NULL ? 0 : -1;
}

static int read_link(const struct call *call, const char *name, char text[PATH_SIZE]) {
    char link[64];
    snprintf(link, sizeof(link), "/proc/%d/%s", call->pid, name);
    ssize_t length = readlink(link, text, PATH_SIZE - 1);
    text[length < 0 ? 0 : length] = '\0';
    return length < 0 ? -1 : 0;
}

static int path_of_fd(const struct call *call, int fd, char path[PATH_SIZE]) {
    char name[32];
    snprintf(name, sizeof(name), "fd/%d", fd);
    return read_link(call, fd == AT_FDCWD ? "cwd" : name, path);
}

static int path_at(const struct call *call, int fd, int index, char path[PATH_SIZE]) {
    char text[PATH_SIZE];
    if (read_string(call, index, text) < 0)
        return -1;
    path[0] = '\0';
    if (text[0] != '/' && path_of_fd(call, fd, path) < 0)
        return -1;
    size_t length = strlen(path);
    return snprintf(path + length, PATH_SIZE - length, "%s%s", length > 0 ? "/" : "", text) > 0
               ? 0
               : -1;
}

/* Inside of a container the path is another one. */
static int is_ours(const struct call *call, const char *path) {
    char root[64];
    struct stat own, other;
    snprintf(root, sizeof(root), "/proc/%d/root/.", call->pid);
    return strncmp(path, top, strlen(top)) == 0 && strchr("/", path[strlen(top)]) != NULL &&
           stat("/", &own) == 0 && stat(root, &other) == 0 && own.st_dev == other.st_dev &&
           own.st_ino == other.st_ino;
}

/* ---- the filesystem ------------------------------------------------------------------------- */

static int append(const char *path, const char *text, size_t length) {
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    int result = fd >= 0 && write(fd, text, length) == (ssize_t)length ? 0 : -errno;
    close(fd);
    return result;
}

static int read_file(const char *path, char text[DATA_SIZE]) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, DATA_SIZE - 1);
    text[length < 0 ? 0 : length] = '\0';
    close(fd);
    return length < 0 ? -errno : (int)length;
}

static int make_file(const char *group, const char *name, const char *text) {
    char path[PATH_SIZE];
    snprintf(path, sizeof(path), "%s/%s", group, name);
    return append(path, text, strlen(text));
}

static int make_group(const char *path) {
    char inner[PATH_SIZE], schemata[DATA_SIZE];
    if (access("/sys/fs/resctrl.full", F_OK) == 0)
        return -ENOSPC;
    if (mkdir(path, 0755) < 0)
        return -errno;
    make_file(path, "tasks", "");
    make_file(path, "cpus", "0\n");
    if (strstr(path, "/mon_groups/") != NULL)
        return 0;
    snprintf(inner, sizeof(inner), "%s/mon_groups", path);
    read_file("/sys/fs/resctrl/schemata", schemata);
    return mkdir(inner, 0755) < 0 ? -errno : make_file(path, "schemata", schemata);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status, (void)type, (void)place;
    return remove(path);
}

static int remove_group(const char *path) {
    return nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) < 0 ? -errno : 0;
}

/* What it holds: the file itself may have been cut off by O_TRUNC, which resctrl ignores. */
static void read_schemata(const char *path, char text[DATA_SIZE]) {
    char kept[PATH_SIZE];
    snprintf(kept, sizeof(kept), "%s.kept", path);
    if (read_file(kept, text) < 0 && read_file(path, text) <= 0)
        read_file("/sys/fs/resctrl/schemata", text);
}

/* One line "L3:0=f;1=f" takes the place of the one of its resource, which has to be there. */
static int change_schemata(const char *path, const char *wanted) {
    char former[DATA_SIZE], kept[PATH_SIZE];
    int found = 0;
    size_t name = strcspn(wanted, ":");
    read_schemata(path, former);
    snprintf(kept, sizeof(kept), "%s.kept", path);
    FILE *files[] = {fopen(path, "we"), fopen(kept, "we")};
    for (char *rest = former, *at; (at = strsep(&rest, "\n")) != NULL && *at != '\0';) {
        at += strspn(at, " ");
        int same = strncmp(at, wanted, name + 1) == 0;
        found += same;
        for (int i = 0; i < 2; i++)
            fprintf(files[i], "    %s\n", same ? wanted : at);
    }
    fclose(files[0]);
    fclose(files[1]);
    return found > 0 ? 0 : -EINVAL;
}

/* Only processes that there are. */
static int add_task(const char *path, const char *pid) {
    char line[64];
    int length = snprintf(line, sizeof(line), "%s\n", pid);
    return kill(atoi(pid), 0) < 0 ? -errno : append(path, line, (size_t)length);
}

/* ---- answers -------------------------------------------------------------------------------- */

static long long answer_statfs(const struct call *call, const char *path) {
    struct statfs status;
    if (statfs(path, &status) < 0)
        return -errno;
    status.f_type = RDTGROUP_SUPER_MAGIC;
    return pwrite(call->memory, &status, sizeof(status), (off_t)argument(call, 1)) == sizeof(status)
               ? 0
               : -EFAULT;
}

static long long answer_write(const struct call *call, const char *path) {
    char data[DATA_SIZE], line[DATA_SIZE + PATH_SIZE];
    const char *name = strrchr(path, '/') + 1;
    size_t length =
        (size_t)argument(call, 2) < DATA_SIZE ? (size_t)argument(call, 2) : DATA_SIZE - 1;
    if (strcmp(name, "tasks") != 0 && strcmp(name, "schemata") != 0)
        return CONTINUE;
    if (pread(call->memory, data, length, (off_t)argument(call, 1)) != (ssize_t)length)
        return -EFAULT;
    data[length] = '\0';
    int result = 0;
    char *rest = data;
    for (char *at; result == 0 && (at = strsep(&rest, "\n")) != NULL;) {
        if (*at == '\0')
            continue;
        int size = snprintf(line, sizeof(line), "%s %s\n", path + strlen(top) + 1, at);
        append("/sys/fs/resctrl.log", line, (size_t)size);
        result = strcmp(name, "schemata") == 0 ? change_schemata(path, at) : add_task(path, at);
    }
    return result < 0 ? result : (long long)length;
}

/* The caller gets another file in place of the one that it opens. */
static long long give_file(const struct call *call, int fd) {
    lseek(fd, 0, SEEK_SET);
    struct seccomp_notif_addfd added = {.id = call->request->id,
                                        .flags = SECCOMP_ADDFD_FLAG_SEND,
                                        .srcfd = (unsigned)fd,
                                        .newfd_flags = O_CLOEXEC};
    int result = ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &added);
    close(fd);
    return result < 0 ? CONTINUE : ANSWERED;
}

/* The caller's own file, with the filesystem that it is to find, or with a processor that has it
 * all. */
static long long answer_proc(const struct call *call, const char *name) {
    static const char mount[] =
        "9999 1 0:9999 / /sys/fs/resctrl rw,relatime - resctrl resctrl rw\n";
    static const char flags[] = " rdt_a cat_l3 cdp_l3 mba cqm cqm_llc cqm_occup_llc cqm_mbm_total "
                                "cqm_mbm_local\n";
    char path[PATH_SIZE], *line = NULL;
    size_t size = 0;
    const int mounts = strcmp(name, "/mountinfo") == 0;
    snprintf(path, sizeof(path), mounts ? "/proc/%d/mountinfo" : "/proc/cpuinfo", call->pid);
    FILE *from = fopen(path, "re");
    int to = memfd_create("proc", MFD_CLOEXEC);
    for (ssize_t length; from != NULL && (length = getline(&line, &size, from)) > 0;) {
        int has_flags = !mounts && strncmp(line, "flags", 5) == 0;
        (void)!write(to, line, (size_t)(length - has_flags));
        if (has_flags)
            (void)!write(to, flags, strlen(flags));
    }
    if (mounts)
        (void)!write(to, mount, strlen(mount));
    free(line);
    if (from != NULL)
        fclose(from);
    return give_file(call, to);
}

static long long answer_open(const struct call *call, int fd, int index) {
    char path[PATH_SIZE];
    if (path_at(call, fd, index, path) < 0)
        return CONTINUE;
    const char *name = strrchr(path, '/');
    return name != NULL && strncmp(path, "/proc/", 6) == 0 &&
                   (strcmp(name, "/mountinfo") == 0 || strcmp(name, "/cpuinfo") == 0)
               ? answer_proc(call, name)
               : CONTINUE;
}

static long long answer(const struct call *call) {
    char path[PATH_SIZE];
    int first = (int)argument(call, 0);
    switch (call->request->data.nr) {
#ifdef __NR_open
    case __NR_open:
        return answer_open(call, AT_FDCWD, 0);
    case __NR_mkdir:
        return path_at(call, AT_FDCWD, 0, path) == 0 && is_ours(call, path) ? make_group(path)
                                                                            : CONTINUE;
    case __NR_rmdir:
        return path_at(call, AT_FDCWD, 0, path) == 0 && is_ours(call, path) ? remove_group(path)
                                                                            : CONTINUE;
#endif
    case __NR_openat:
    case __NR_openat2:
        return answer_open(call, first, 1);
    case __NR_mkdirat:
        return path_at(call, first, 1, path) == 0 && is_ours(call, path) ? make_group(path)
                                                                         : CONTINUE;
    case __NR_unlinkat:
        return (argument(call, 2) & AT_REMOVEDIR) != 0 && path_at(call, first, 1, path) == 0 &&
                       is_ours(call, path)
                   ? remove_group(path)
                   : CONTINUE;
    case __NR_statfs:
        return path_at(call, AT_FDCWD, 0, path) == 0 && is_ours(call, path)
                   ? answer_statfs(call, path)
                   : CONTINUE;
    case __NR_fstatfs:
        return path_of_fd(call, first, path) == 0 && is_ours(call, path) ? answer_statfs(call, path)
                                                                         : CONTINUE;
    default:
        return path_of_fd(call, first, path) == 0 && is_ours(call, path) ? answer_write(call, path)
                                                                         : CONTINUE;
    }
}

/* ---- the supervisor ------------------------------------------------------------------------- */

static void respond(const struct call *call, long long result) {
    struct seccomp_notif_resp response = {.id = call->request->id};
    if (result == ANSWERED)
        return;
    if (result == CONTINUE)
        response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    else if (result < 0)
        response.error = (int)result;
    else
        response.val = result;
    ioctl(call->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

/* Until nobody is left whose calls it answers. */
static void supervise(int listener) {
    for (;;) {
        struct seccomp_notif request = {0};
        struct pollfd wait = {.fd = listener, .events = POLLIN};
        char name[64];
        if (poll(&wait, 1, -1) < 0 && errno == EINTR)
            continue;
        if ((wait.revents & POLLIN) == 0)
            return;
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
            continue;
        snprintf(name, sizeof(name), "/proc/%u/mem", request.pid);
        struct call call = {listener, &request, (int)request.pid, open(name, O_RDWR | O_CLOEXEC)};
        respond(&call, answer(&call));
        close(call.memory);
    }
}

static int install_filter(void) {
    static const int calls[] = {
#ifdef __NR_open
        __NR_open,   __NR_mkdir,   __NR_rmdir,
#endif
        __NR_openat, __NR_openat2, __NR_mkdirat, __NR_unlinkat,
        __NR_statfs, __NR_fstatfs, __NR_write,   __NR_pwrite64,
    };
    enum { COUNT = sizeof(calls) / sizeof(calls[0]) };
    struct sock_filter code[COUNT * 2 + 2];
    size_t length = 0;
    code[length++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < COUNT; i++) {
        code[length++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = {.len = (unsigned short)length, .filter = code};
    return (int)syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                        &program);
}

/* The supervisor takes the listener out of its parent, which becomes the command, and is nobody's
 * child. */
static void become_supervisor(int ready) {
    pid_t parent = getppid();
    char number[16] = "";
    if (read(ready, number, sizeof(number)) <= 0)
        _exit(1);
    int pidfd = (int)syscall(__NR_pidfd_open, parent, 0);
    int listener = (int)syscall(__NR_pidfd_getfd, pidfd, atoi(number), 0);
    close(pidfd);
    for (int fd = 0; fd < 1024; fd++) {
        if (fd != listener)
            close(fd);
    }
    if (fork() != 0)
        _exit(listener < 0);
    setsid();
    supervise(listener);
    _exit(0);
}

int main(int argc, char **argv) {
    int ready[2];
    if (argc < 2 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ready) < 0)
        return 2;
    pid_t child = fork();
    if (child == 0)
        become_supervisor(ready[1]);
    int listener = install_filter(), status = -1;
    char number[16];
    int length = snprintf(number, sizeof(number), "%d", listener);
    if (listener < 0 || send(ready[0], number, (size_t)length, 0) < 0 ||
        waitpid(child, &status, 0) < 0 || status != 0)
        return 2;
    close(listener);
    execvp(argv[1], argv + 1);
    perror(argv[1]);
    return 127;
}
