/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a running container. Nothing in it may be trusted, and it may be watching. */
#include "apply/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/executable.h"
#include "apply/process.h"
#include "base/cleanup.h"
#include "base/wire.h"
#include "sys/clone.h"
#include "sys/sched.h"
#include "terminal/pty.h"

static noreturn void fail(const struct apply_exec *exec, const struct thole_error *failure) {
    wire_send_error(exec->sync, failure);
    _exit(EXIT_FAILURE);
}

/* From the container's own devpts, so that `tty` works inside; else from the host's. */
static int open_pty(const struct apply_exec *exec, struct terminal_pty *pty,
                    struct thole_error *err) {
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_errno(err, NULL, "open the container's root");
    cleanup_close int devpts = terminal_devpts_open(root, NULL);
    if (devpts >= 0 && terminal_pty_open(devpts, true, pty, NULL) == 0)
        return 0;
    return terminal_pty_open(exec->devpts, true, pty, err);
}

static int set_up_terminal(const struct apply_exec *exec, struct thole_error *err) {
    if (exec->devpts < 0)
        return setsid() < 0 ? error_errno(err, NULL, "create a session") : 0;
    const struct plan_process *process = exec->process;
    struct terminal_pty pty = TERMINAL_PTY_INIT;
    if (open_pty(exec, &pty, err) < 0)
        return -1;
    if (process->console_rows != 0 &&
        terminal_set_size(pty.master, process->console_rows, process->console_columns, err) < 0)
        return -1;
    if (fchown(pty.peer, process->uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM)
        return error_errno(err, NULL, "set the owner of the terminal");
    struct wire_message message;
    if (wire_send(exec->sync, WIRE_CONSOLE, NULL, 0, pty.master, err) < 0 ||
        wire_expect(exec->sync, WIRE_CONSOLE_KEPT, &message, "the runtime", err) < 0 ||
        terminal_adopt(pty.peer, exec->replace, err) < 0)
        return -1;
    terminal_pty_done(&pty);
    return 0;
}

static bool needs_admin_for_filter(const struct apply_exec *exec) {
    return exec->filter != NULL && !exec->process->no_new_privileges;
}

static int become_root(const struct apply_exec *exec, struct thole_error *err) {
    if ((exec->flags & CLONE_NEWUSER) == 0)
        return 0;
    if ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
        return error_errno(err, NULL, "become root of the container's user namespace");
    return 0;
}

static int prepare(const struct apply_exec *exec, char *program, size_t size,
                   struct apply_environment *environment, struct thole_error *err) {
    const struct plan_process *process = exec->process;
    if (become_root(exec, err) < 0 || set_up_terminal(exec, err) < 0)
        return -1;
    if (process->cpu_initial == NULL)
        (void)sys_reset_cpus(0); /* the caller's affinity is not the container's */
    if (process->cpu_final != NULL && sys_set_cpu_list(0, process->cpu_final) < 0)
        return error_errno(err, "/process/execCPUAffinity/final", "set the CPU affinity");
    if (apply_scheduling(process, err) < 0)
        return -1;
    int entered = apply_working_directory(process, true, err);
    if (entered < 0)
        return -1;
    if ((exec->flags & CLONE_NEWUSER) == 0 && apply_rlimits(process, 0, err) < 0)
        return -1;
    if (apply_identity(process, needs_admin_for_filter(exec), err) < 0)
        return -1;
    if (entered == 0 && apply_working_directory(process, false, err) < 0)
        return -1;
    apply_environment_fill(process, environment);
    return apply_executable_find(process, program, size, err);
}

static int load_filter(const struct apply_exec *exec, struct thole_error *err) {
    if (exec->filter == NULL)
        return 0;
    int notify_fd = seccomp_load(exec->filter, err);
    if (notify_fd <= 0)
        return notify_fd;
    struct wire_message message;
    if (wire_send(exec->sync, WIRE_SECCOMP, NULL, 0, notify_fd, err) < 0 ||
        wire_expect(exec->sync, WIRE_SECCOMP_KEPT, &message, "the runtime", err) < 0)
        return -1;
    (void)close(notify_fd);
    return 0;
}

/* The process proper: a member of the container from its first instruction. */
static noreturn void run_process(const struct apply_exec *exec) {
    struct thole_error err = {0};
    struct wire_message message;
    char program[PATH_MAX];
    struct apply_environment environment = {0};

    if (prepare(exec, program, sizeof(program), &environment, &err) < 0 ||
        wire_send(exec->sync, WIRE_READY, NULL, 0, -1, &err) < 0 ||
        wire_expect(exec->sync, WIRE_START, &message, "the runtime", &err) < 0 ||
        apply_exec_labels(exec->process, exec->proc_fd, &err) < 0 ||
        apply_keep_fds(exec->passed_fds, exec->passed_count, &err) < 0)
        fail(exec, &err);
    apply_reset_signals();
    if (load_filter(exec, &err) < 0 ||
        (needs_admin_for_filter(exec) && apply_capabilities(exec->process, &err) < 0))
        fail(exec, &err);
    (void)execve(program, exec->process->args.items, environment.items);
    apply_executable_error(program, errno, exec->process->where, &err);
    fail(exec, &err);
}

static int join(const struct apply_exec *exec, struct thole_error *err) {
    if (exec->process->cpu_initial != NULL && sys_set_cpu_list(0, exec->process->cpu_initial) < 0)
        return error_errno(err, "/process/execCPUAffinity/initial", "set the CPU affinity");
    if (exec->enters_cgroup && cgroup_entry_move(exec->cgroup, err) < 0)
        return -1;
    if (cgroup_entry_join(exec->cgroup, err) < 0)
        return -1;
    if (exec->flags != 0 && setns(exec->pidfd, (int)exec->flags) < 0)
        return error_errno(err, NULL, "join the container's namespaces");
    return 0;
}

void apply_exec(const struct apply_exec *exec) {
    struct thole_error err = {0};
    (void)close(exec->runtime_end);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (join(exec, &err) < 0)
        fail(exec, &err);

    int birthplace = exec->enters_cgroup ? -1 : exec->cgroup->unified;
    pid_t pid = sys_clone(CLONE_PARENT, birthplace, NULL);
    if (pid < 0) {
        error_errno(&err, NULL, "start a process in the container");
        if (errno == EAGAIN)
            error_hint(&err, "the pids limit of the container or of its user is reached");
        fail(exec, &err);
    }
    if (pid == 0)
        run_process(exec);
    int64_t number = pid;
    if (wire_send(exec->sync, WIRE_CHILD_PID, &number, sizeof(number), -1, &err) < 0)
        fail(exec, &err);
    _exit(EXIT_SUCCESS);
}
