/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command and lets one system call of one of its processes fail, or kills the process there.
 *
 *     tracer [-o FILE] [-b PROGRAM] [-p NAME=PID] [-g MS] [-i PROCESS:CALL:NTH:ERROR] COMMAND...
 *
 * The command is the process "1", its children are "1.1", "1.2" and so on in the order of their
 * birth, theirs "1.1.1"; those of -p are followed as well. A process is followed until it executes
 * another program. What is counted of "1" begins when PROGRAM is executed, so that it may be
 * started by others.
 *
 * Without -i each call is a line in FILE: process, number of the call, its first two arguments.
 * With it the NTH call of that number in that process ends with the ERROR and is not made (-ERROR:
 * it is made, and its result is hidden); 0 stands for the end by SIGKILL before the call. FILE then
 * says "hit".
 *
 * The status is that of the command, 128 + N if signal N ended it. -g: how long what is left of its
 * processes is followed after that.
 */
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    PROCESSES = 256,
    NAME_SIZE = 64,
    CALLS = 1024,
    OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE |
              PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK,
    FAILED = 125, /* the tracer itself; no command under test ends so */
};

struct process {
    pid_t pid;
    char name[NAME_SIZE]; /* empty: it has stopped at its birth, and its parent has not told yet */
    unsigned children;
    unsigned short counts[CALLS];
    bool counts_calls;
    bool fails; /* the call that it is in */
    bool used;
};

struct target {
    char process[NAME_SIZE];
    unsigned call;
    unsigned nth;
    int error;
    bool wanted;
    bool hit;
};

static struct process processes[PROCESSES];
static struct target target;
static const char *program;
static FILE *record;
static pid_t command;
static volatile sig_atomic_t expired; /* what is followed after the command's end is so no more */

static _Noreturn void give_up(const char *what) {
    fprintf(stderr, "tracer: %s: %s\n", what, strerror(errno));
    exit(FAILED);
}

static struct process *find(pid_t pid) {
    struct process *unused = NULL;
    for (int i = 0; i < PROCESSES; i++) {
        if (processes[i].used && processes[i].pid == pid)
            return &processes[i];
        if (!processes[i].used && unused == NULL)
            unused = &processes[i];
    }
    if (unused == NULL)
        give_up("too many processes");
    *unused = (struct process){.pid = pid, .used = true};
    return unused;
}

/* ---- what differs between processors --------------------------------------------------------- */

/* At the entry of a call: another one is made, which does nothing. (With none, -1, a filter of the
 * process could take offence at the number.) */
static void skip_call(pid_t pid) {
#if defined(__x86_64__)
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
        return;
    registers.orig_rax = SYS_getpid;
    (void)ptrace(PTRACE_SETREGS, pid, NULL, &registers);
#elif defined(__aarch64__)
    int other = SYS_getpid;
    struct iovec part = {&other, sizeof(other)};
    (void)ptrace(PTRACE_SETREGSET, pid, (void *)(uintptr_t)NT_ARM_SYSTEM_CALL, &part);
#else
#error "the registers of this processor are not known"
#endif
}

static void set_result(pid_t pid, long result) {
#if defined(__x86_64__)
    struct user_regs_struct registers;
    if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
        return;
    registers.rax = (unsigned long long)result;
    (void)ptrace(PTRACE_SETREGS, pid, NULL, &registers);
#else
    struct user_regs_struct registers;
    struct iovec part = {&registers, sizeof(registers)};
    if (ptrace(PTRACE_GETREGSET, pid, (void *)(uintptr_t)NT_PRSTATUS, &part) < 0)
        return;
    registers.regs[0] = (unsigned long long)result;
    (void)ptrace(PTRACE_SETREGSET, pid, (void *)(uintptr_t)NT_PRSTATUS, &part);
#endif
}

/* ---- following ------------------------------------------------------------------------------- */

static bool is_target(const struct process *process) {
    return target.wanted && !target.hit && strcmp(process->name, target.process) == 0;
}

/* Only those stop at their calls of which the calls matter. */
static void resume(struct process *process, int signal) {
    const bool stops =
        process->fails || (process->counts_calls && (!target.wanted || is_target(process)));
    (void)ptrace(stops ? PTRACE_SYSCALL : PTRACE_CONT, process->pid, NULL,
                 (void *)(intptr_t)signal);
}

static void enter_call(struct process *process, const struct __ptrace_syscall_info *info) {
    const uint64_t call = info->entry.nr;
    if (!process->counts_calls || call >= CALLS)
        return;
    process->counts[call]++;
    if (!target.wanted && record != NULL)
        fprintf(record, "%s %u %llx %llx\n", process->name, (unsigned)call,
                (unsigned long long)info->entry.args[0], (unsigned long long)info->entry.args[1]);
    if (!is_target(process) || call != target.call || process->counts[call] != target.nth)
        return;
    target.hit = true;
    if (record != NULL)
        fprintf(record, "hit\n");
    if (target.error == 0) {
        (void)kill(process->pid, SIGKILL);
        return;
    }
    process->fails = true;
    if (target.error > 0)
        skip_call(process->pid);
}

static void stop_at_call(struct process *process) {
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, (void *)sizeof(info), &info) <= 0)
        return;
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        enter_call(process, &info);
    } else if (process->fails) {
        process->fails = false;
        set_result(process->pid, -(long)abs(target.error));
    }
    resume(process, 0);
}

static void name_child(struct process *parent) {
    unsigned long pid = 0;
    if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid) < 0)
        return;
    struct process *child = find((pid_t)pid);
    const bool waits = child->counts_calls;
    (void)snprintf(child->name, NAME_SIZE, "%.50s.%u", parent->name, ++parent->children);
    child->counts_calls = parent->counts_calls;
    if (waits)
        resume(child, 0);
}

static bool executes_program(pid_t pid) {
    char link[64];
    char path[PATH_MAX];
    (void)snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
    ssize_t length = readlink(link, path, sizeof(path) - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return strcmp(path, program) == 0;
}

static void stop_at_event(struct process *process, int event, int signal) {
    if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK)
        name_child(process);
    if (event == PTRACE_EVENT_EXEC && process->pid == command) {
        process->counts_calls =
            process->counts_calls || program == NULL || executes_program(command);
    } else if (event == PTRACE_EVENT_EXEC) {
        process->used = false;
        (void)ptrace(PTRACE_DETACH, process->pid, NULL, NULL);
        return;
    }
    if (event == PTRACE_EVENT_STOP && process->name[0] == '\0') {
        process->counts_calls = true; /* it waits until its parent names it */
        return;
    }
    if (event == PTRACE_EVENT_STOP && signal != SIGTRAP)
        (void)ptrace(PTRACE_LISTEN, process->pid, NULL, NULL);
    else
        resume(process, 0);
}

static void stopped(pid_t pid, int status) {
    struct process *process = find(pid);
    const int event = status >> 16;
    const int signal = WSTOPSIG(status);
    if (event != 0)
        stop_at_event(process, event, signal);
    else if (signal == (SIGTRAP | 0x80))
        stop_at_call(process);
    else
        resume(process, signal);
}

/* Whether any process is left; @failing: in the call that fails. */
static bool anyone(bool failing) {
    for (int i = 0; i < PROCESSES; i++) {
        if (processes[i].used && (processes[i].fails || !failing))
            return true;
    }
    return false;
}

/* Once the command has ended, whether there is something to wait for. */
static bool goes_on(unsigned grace) {
    return anyone(true) || (grace > 0 && !expired && !target.hit && anyone(false));
}

/* Interrupts the wait that follow() is in. */
static void on_alarm(int number) {
    (void)number;
    expired = 1;
}

static void set_alarm(unsigned milliseconds) {
    const struct sigaction action = {.sa_handler = on_alarm};
    const suseconds_t again = 1000; /* the first may come when nothing waits */
    const struct itimerval timer = {
        .it_value = {milliseconds / 1000, (suseconds_t)(milliseconds % 1000) * 1000 + 1},
        .it_interval = {0, again}};
    (void)sigaction(SIGALRM, &action, NULL);
    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

/* Returns the status of the command. */
static int follow(unsigned grace) {
    int result = FAILED;
    bool ended = false;
    while (!ended || goes_on(grace)) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            break;
        if (WIFSTOPPED(status)) {
            stopped(pid, status);
            continue;
        }
        find(pid)->used = false;
        if (pid != command)
            continue;
        ended = true;
        result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (grace > 0)
            set_alarm(grace);
    }
    return result;
}

/* ---- the beginning --------------------------------------------------------------------------- */

static void seize(const char *name, pid_t pid, bool running) {
    struct process *process = find(pid);
    (void)snprintf(process->name, NAME_SIZE, "%s", name);
    process->counts_calls = running;
    if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(uintptr_t)OPTIONS) < 0)
        give_up("follow a process");
    if (running && ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
        give_up("stop a process");
}

static void parse_target(char *text) {
    char *fields[4] = {0};
    for (int i = 0; i < 4; i++)
        fields[i] = strsep(&text, ":");
    if (fields[3] == NULL) {
        errno = EINVAL;
        give_up("-i PROCESS:CALL:NTH:ERROR");
    }
    (void)snprintf(target.process, NAME_SIZE, "%s", fields[0]);
    target.call = (unsigned)atoi(fields[1]);
    target.nth = (unsigned)atoi(fields[2]);
    target.error = atoi(fields[3]);
    target.wanted = true;
}

static void start(char *const *words) {
    int gate[2];
    if (pipe(gate) < 0)
        give_up("create a pipe");
    command = fork();
    if (command < 0)
        give_up("fork");
    if (command == 0) {
        char byte;
        (void)close(gate[1]);
        (void)!read(gate[0], &byte, 1);
        (void)close(gate[0]);
        (void)execvp(words[0], words);
        give_up(words[0]);
    }
    (void)close(gate[0]);
    seize("1", command, false);
    (void)close(gate[1]);
}

int main(int argc, char *argv[]) {
    unsigned grace = 0;
    int option;
    while ((option = getopt(argc, argv, "+o:b:p:g:i:")) != -1) {
        char *equals = option == 'p' ? strchr(optarg, '=') : NULL;
        if (option == 'o') {
            record = fopen(optarg, "we");
            if (record == NULL)
                give_up(optarg);
            setlinebuf(record);
        }
        if (option == 'b')
            program = optarg;
        if (option == 'g')
            grace = (unsigned)atoi(optarg);
        if (option == 'i')
            parse_target(optarg);
        if (equals != NULL) {
            *equals = '\0';
            seize(optarg, (pid_t)atoi(equals + 1), true);
        }
        if (option == '?')
            return FAILED;
    }
    if (optind == argc)
        return FAILED;
    start(argv + optind);
    int result = follow(grace);
    if (record != NULL && fclose(record) != 0)
        give_up("write the record");
    return result;
}
