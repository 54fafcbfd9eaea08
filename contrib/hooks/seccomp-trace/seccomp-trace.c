/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook seccomp-trace: writes down which system calls a container makes, as a seccomp profile
 * that allows those and no other.
 *
 * It traces the container with ptrace(2), which needs nothing of the host: a filter that logs
 * (SCMP_ACT_LOG) would need the host's audit log, which drops records, and a filter that notifies
 * would need another configuration. The tracer is a process that stays behind when the hook ends,
 * and ends with the last process of the container. System calls count from the first execve on:
 * what the runtime itself calls under a filter until then is a table below.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../hook.h"

enum {
    HIGHEST_NUMBER = 1024,
    X32_BIT = 0x40000000,
    SYSCALL_STOP = SIGTRAP | 0x80, /* with PTRACE_O_TRACESYSGOOD */
};

static const char *output = "/var/lib/thole/seccomp";
static const char *runtime;

static const struct hook_option options[] = {
    {"output", "DIR", "where ID.json is written (default: /var/lib/thole/seccomp)", &output},
    {"runtime", "NAME", "the profile is for thole, crun or runc (default: for any of them)",
     &runtime},
    {NULL, NULL, NULL, NULL},
};

static const struct hook_program program = {
    .name = "seccomp-trace",
    .summary = "writes a seccomp profile of the system calls that a container makes",
    .stages = "createRuntime, or prestart",
    .options = options,
};

/* What a runtime calls between loading the filter and the program's own first instruction. */
static const struct {
    const char *runtime;
    const char *names; /* separated by blanks */
} runtime_calls[] = {
    {"thole", "capset execve prctl"},
    {"crun",
     "capset close close_range execve exit_group prctl read rt_sigaction rt_sigprocmask setresgid "
     "setresuid write"},
    /* Go makes threads, collects garbage and handles signals whenever it likes. */
    {"runc",
     "brk capget capset chdir clone clone3 close close_range dup3 epoll_create1 epoll_ctl "
     "epoll_pwait "
     "execve exit exit_group faccessat2 fchown fcntl fstat fstatfs futex getcwd getdents64 getpid "
     "getppid getrandom gettid madvise mmap mprotect munmap nanosleep newfstatat openat pipe2 "
     "prctl read restart_syscall rt_sigaction rt_sigprocmask rt_sigreturn sched_getaffinity "
     "sched_yield set_robust_list setgid setgroups setuid sigaltstack tgkill timer_create "
     "timer_delete timer_settime uname write"},
};
enum { RUNTIMES = sizeof(runtime_calls) / sizeof(runtime_calls[0]) };

static const struct architecture_name {
    uint32_t token;
    const char *name;
} architecture_names[] = {
    {SCMP_ARCH_X86_64, "SCMP_ARCH_X86_64"},   {SCMP_ARCH_X86, "SCMP_ARCH_X86"},
    {SCMP_ARCH_X32, "SCMP_ARCH_X32"},         {SCMP_ARCH_AARCH64, "SCMP_ARCH_AARCH64"},
    {SCMP_ARCH_ARM, "SCMP_ARCH_ARM"},         {SCMP_ARCH_RISCV64, "SCMP_ARCH_RISCV64"},
    {SCMP_ARCH_PPC64LE, "SCMP_ARCH_PPC64LE"}, {SCMP_ARCH_S390X, "SCMP_ARCH_S390X"},
    {SCMP_ARCH_S390, "SCMP_ARCH_S390"},
};
enum { ARCHITECTURES = sizeof(architecture_names) / sizeof(architecture_names[0]) };

struct trace {
    bool started; /* the first execve has happened */
    bool seen[ARCHITECTURES][HIGHEST_NUMBER];
};

struct names {
    const char **list;
    size_t count;
};

/* The part in front of the fork: what fails here keeps the container from starting. */

/* The directory is made if it is missing, but not its parents. */
static int open_output(void) {
    if (mkdir(output, 0755) < 0 && errno != EEXIST)
        hook_fail("%s: %s", output, strerror(errno));
    int directory = open(output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        hook_fail("%s: %s", output, strerror(errno));
    return directory;
}

static void check_runtime(void) {
    bool known = !runtime;
    for (size_t i = 0; i < RUNTIMES && !known; i++)
        known = strcmp(runtime, runtime_calls[i].runtime) == 0;
    if (!known)
        hook_fail("--runtime %s: it is thole, crun or runc", runtime);
}

/* The tracer. */

static pid_t tracer_of(pid_t thread) {
    char line[256], path[64];
    long tracer = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", thread);
    FILE *status = fopen(path, "re");
    while (status && fgets(line, sizeof(line), status)) {
        if (strncmp(line, "TracerPid:", 10) == 0)
            tracer = strtol(line + 10, NULL, 10);
    }
    if (status)
        (void)fclose(status);
    return (pid_t)tracer;
}

/* 1: it is traced now; 0: it already was, having been made by one that is, or is gone; -1 with
 * errno. */
static int seize_thread(pid_t thread) {
    const long wanted = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK |
                        PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
    if (ptrace(PTRACE_SEIZE, thread, 0, wanted) == 0)
        return 1;
    int why = errno;
    if (why == ESRCH || tracer_of(thread) == getpid())
        return 0;
    errno = why;
    return -1;
}

/* Every thread of the process, until a look finds no new one. -1 with errno set. */
static int seize(pid_t pid) {
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
    int seized = 0, found = 1;
    while (found > 0) {
        DIR *threads = opendir(path);
        if (!threads)
            return -1;
        found = 0;
        for (struct dirent *entry = readdir(threads); entry; entry = readdir(threads)) {
            int made =
                entry->d_name[0] == '.' ? 0 : seize_thread((pid_t)strtol(entry->d_name, NULL, 10));
            if (made < 0) {
                (void)closedir(threads);
                return -1;
            }
            found += made;
        }
        (void)closedir(threads);
        seized += found;
    }
    errno = ESRCH;
    return seized > 0 ? 0 : -1;
}

static void note_call(struct trace *trace, pid_t pid) {
    struct __ptrace_syscall_info call;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(call), &call) <= 0 ||
        call.op != PTRACE_SYSCALL_INFO_ENTRY)
        return;
    uint32_t token = call.arch;
    uint64_t number = call.entry.nr;
    if (token == SCMP_ARCH_X86_64 && (number & X32_BIT)) {
        token = SCMP_ARCH_X32;
        number &= ~(uint64_t)X32_BIT;
    }
    for (size_t i = 0; i < ARCHITECTURES && number < HIGHEST_NUMBER; i++) {
        if (architecture_names[i].token == token)
            trace->seen[i][number] = true;
    }
}

/* One stop of a traced thread: see ptrace(2), "Stopped tracees". */
static void pass_stop(struct trace *trace, pid_t pid, int status) {
    int signal = WSTOPSIG(status), event = status >> 16;
    bool stops = signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
    if (event == PTRACE_EVENT_STOP && stops) {
        (void)ptrace(PTRACE_LISTEN, pid, 0, 0);
        return;
    }
    if (event == PTRACE_EVENT_EXEC)
        trace->started = true;
    if (signal == SYSCALL_STOP)
        note_call(trace, pid);
    long passed = event == 0 && signal != SYSCALL_STOP ? signal : 0;
    (void)ptrace(trace->started ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, passed);
}

/* Until the last of the container's processes has ended. */
static void follow(struct trace *trace) {
    for (;;) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno != EINTR)
            return;
        if (pid > 0 && WIFSTOPPED(status))
            pass_stop(trace, pid, status);
    }
}

/* The profile. */

static void add_name(struct names *names, const char *name) {
    const char **longer = reallocarray(names->list, names->count + 1, sizeof(*longer));
    if (!longer)
        abort();
    names->list = longer;
    names->list[names->count++] = name;
}

static int compare_names(const void *left, const void *right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void add_runtime_calls(struct names *names) {
    for (size_t i = 0; i < RUNTIMES; i++) {
        if (runtime && strcmp(runtime, runtime_calls[i].runtime) != 0)
            continue;
        char *words = strdup(runtime_calls[i].names), *rest = NULL;
        for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
            add_name(names, word);
    }
}

/* A number that this libseccomp has no name for cannot be written down. */
static struct names all_names(const struct trace *trace) {
    struct names names = {NULL, 0};
    add_runtime_calls(&names);
    for (size_t i = 0; i < ARCHITECTURES; i++) {
        for (int number = 0; number < HIGHEST_NUMBER; number++) {
            int called = architecture_names[i].token == SCMP_ARCH_X32 ? number | X32_BIT : number;
            char *name = trace->seen[i][number]
                             ? seccomp_syscall_resolve_num_arch(architecture_names[i].token, called)
                             : NULL;
            if (name)
                add_name(&names, name);
        }
    }
    qsort(names.list, names.count, sizeof(*names.list), compare_names);
    return names;
}

static void print_architectures(const struct trace *trace, FILE *file) {
    const char *separator = "";
    for (size_t i = 0; i < ARCHITECTURES; i++) {
        if (!memchr(trace->seen[i], true, sizeof(trace->seen[i])))
            continue;
        (void)fprintf(file, "%s\"%s\"", separator, architecture_names[i].name);
        separator = ", ";
    }
}

/* ENOSYS for the rest: programs have another way for a call that the kernel lacks. */
static void print_profile(const struct trace *trace, FILE *file) {
    (void)fprintf(file,
                  "{\n  \"defaultAction\": \"SCMP_ACT_ERRNO\",\n  \"defaultErrnoRet\": %d,\n"
                  "  \"architectures\": [",
                  ENOSYS);
    print_architectures(trace, file);
    (void)fprintf(file, "],\n  \"syscalls\": [\n    {\n      \"names\": [\n");
    struct names names = all_names(trace);
    for (size_t i = 0; i < names.count; i++) {
        bool again = i + 1 < names.count && strcmp(names.list[i], names.list[i + 1]) == 0;
        if (!again)
            (void)fprintf(file, "        \"%s\"%s\n", names.list[i],
                          i + 1 < names.count ? "," : "");
    }
    (void)fprintf(file, "      ],\n      \"action\": \"SCMP_ACT_ALLOW\"\n    }\n  ]\n}\n");
}

/* The name appears when the profile is complete. */
static void write_profile(const struct trace *trace, int directory, const char *id) {
    char name[512], part[512];
    if (snprintf(name, sizeof(name), "%s.json", id) >= (int)sizeof(name) - 8)
        return;
    (void)snprintf(part, sizeof(part), ".%s.part", name);
    int fd = openat(directory, part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        return;
    print_profile(trace, file);
    bool complete = ferror(file) == 0;
    if (fclose(file) == 0 && complete)
        (void)renameat(directory, part, directory, name);
    else
        (void)unlinkat(directory, part, 0);
}

/* @answer hears why the container cannot be traced, or nothing when it is. */
static noreturn void run_tracer(const struct hook_state *state, int directory, int answer) {
    static struct trace trace;
    (void)setsid();
    if (seize(state->pid) < 0) {
        const char *why = strerror(errno);
        ssize_t ignored = write(answer, why, strlen(why));
        _exit(ignored < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++)
        (void)dup2(null, fd);
    (void)chdir("/");
    (void)close(answer);
    follow(&trace);
    write_profile(&trace, directory, state->id);
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv) {
    hook_parse_arguments(&program, argc, argv);
    check_runtime();
    struct hook_state state = hook_read_state();
    if (state.pid <= 1)
        hook_fail("the state has no process of the host: this is a createRuntime hook");
    int directory = open_output(), answer[2];
    if (pipe2(answer, O_CLOEXEC) < 0)
        hook_fail("pipe: %s", strerror(errno));
    pid_t tracer = fork();
    if (tracer < 0)
        hook_fail("fork: %s", strerror(errno));
    if (tracer == 0) {
        (void)close(answer[0]);
        run_tracer(&state, directory, answer[1]);
    }
    (void)close(answer[1]);
    char why[128];
    ssize_t length = read(answer[0], why, sizeof(why));
    if (length != 0)
        hook_fail("process %d: cannot be traced: %.*s", state.pid, (int)(length < 0 ? 0 : length),
                  why);
    return 0;
}
