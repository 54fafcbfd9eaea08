/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a running container. Nothing in it may be trusted, and it may be watching. */
#include "apply/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/executable.h"
#include "apply/process.h"
#include "apply/stdio.h"
#include "base/cleanup.h"
#include "base/phases.h"
#include "base/wire.h"
#include "cgroup/join.h"
#include "security/label.h"
#include "security/seccomp_filter.h"
#include "sys/clone.h"
#include "sys/mount_calls.h"
#include "sys/sched.h"
#include "terminal/pty.h"

static noreturn void fail(const struct apply_exec *exec, const struct thole_error *failure) {
    wire_send_error(exec->sync, failure);
    _exit(EXIT_FAILURE);
}

/* ---- outside of the pid namespace: invisible to the container ------------------------------- */

static int become_root(const struct apply_exec *exec, struct thole_error *err) {
    if ((exec->flags & CLONE_NEWUSER) == 0)
        return 0;
    if ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
        return error_errno(err, NULL, "become root of the container's user namespace");
    return 0;
}

/* The cgroup is the container's already when its cgroup namespace is joined: where cgroup2 is
 * mounted with nsdelegate, nobody gets from inside it to a cgroup from one outside. */
static int join(const struct apply_exec *exec, struct thole_error *err) {
    if (exec->process->cpu_initial != NULL && sys_set_cpu_list(0, exec->process->cpu_initial) < 0)
        return error_errno(err, "/process/execCPUAffinity/initial", "set the CPU affinity");
    if (exec->enters_cgroup && cgroup_join_move(exec->cgroup, err) < 0)
        return -1;
    if (cgroup_join_enter(exec->cgroup, err) < 0)
        return -1;
    if (exec->flags != 0 && setns(exec->pidfd, (int)exec->flags) < 0)
        return error_errno(err, NULL, "join the container's namespaces");
    if (exec->root >= 0 && (fchdir(exec->root) < 0 || chroot(".") < 0))
        return error_errno(err, NULL, "enter the container's root");
    return 0;
}

/* From the container's own devpts, so that `tty` works inside; else from the host's. */
static int open_pty(const struct apply_exec *exec, struct terminal_pty *pty,
                    struct thole_error *err) {
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_errno(err, NULL, "open the container's root");
    cleanup_close int devpts = terminal_devpts_open(root, NULL);
    if (devpts >= 0 && terminal_pty_open(devpts, exec->bare_output, pty, NULL) == 0)
        return 0;
    return terminal_pty_open(exec->devpts, exec->bare_output, pty, err);
}

/* Returns the pty's inner end, -1 where none is made. */
static int make_terminal(const struct apply_exec *exec, int *ret_peer, struct thole_error *err) {
    const struct plan_process *process = exec->process;
    cleanup_terminal_pty struct terminal_pty pty = TERMINAL_PTY_INIT;
    *ret_peer = -1;
    if (exec->devpts < 0)
        return 0;
    if (become_root(exec, err) < 0 || open_pty(exec, &pty, err) < 0)
        return -1;
    if (process->console_rows != 0 &&
        terminal_set_size(pty.master, (uint16_t)process->console_rows,
                          (uint16_t)process->console_columns, err) < 0)
        return -1;
    if (fchown(pty.peer, process->uid, (gid_t)-1) < 0 && errno != EINVAL && errno != EPERM)
        return error_errno(err, NULL, "set the owner of the terminal");
    struct wire_message message;
    if (wire_send(exec->sync, WIRE_CONSOLE, NULL, 0, pty.master, err) < 0 ||
        wire_expect(exec->sync, WIRE_CONSOLE_KEPT, &message, "the runtime", err) < 0)
        return -1;
    *ret_peer = take_fd(&pty.peer);
    return 0;
}

/* Before anything in the container can see this process, let alone trace it, the caller's terminal
 * is gone from it: from fds 0-2, and as the controlling one. */
static int take_stdio(const struct apply_exec *exec, int peer, struct thole_error *err) {
    for (int fd = 0; fd < 3; fd++) {
        int source = exec->stdio[fd];
        if (peer >= 0 && exec->replace[fd])
            source = peer;
        if (source >= 0 && dup2(source, fd) < 0)
            return error_errno(err, NULL, "replace file descriptor %d", fd);
    }
    if (exec->own_session && setsid() < 0)
        return error_errno(err, NULL, "leave the caller's session");
    return 0;
}

/* What the process proper has no use for must not be found in it (CVE-2016-8649). */
static int drop_fds(const struct apply_exec *exec, int peer, struct thole_error *err) {
    int kept[3 + 1024] = {exec->sync, peer};
    size_t count = 2;
    if (apply_has_exec_label(exec->process))
        kept[count++] = exec->proc_fd;
    for (size_t i = 0; i < exec->passed_count; i++)
        kept[count++] = exec->passed_fds[i];
    return apply_close_fds(kept, count, err);
}

/* ---- the process proper: a member of the container from its first instruction ---------------- */

static int start_session(const struct apply_exec *exec, int peer, struct thole_error *err) {
    static const bool none[3];
    if (peer >= 0) {
        if (terminal_adopt(peer, none, err) < 0)
            return -1;
        return close(peer) < 0 ? error_errno(err, NULL, "close the terminal") : 0;
    }
    if (exec->own_session && setsid() < 0)
        return error_errno(err, NULL, "create a session");
    return 0;
}

/* The host's /proc and /sys would show other processes and devices than the namespaces joined. */
static int remount_sys_proc(const struct apply_exec *exec, struct thole_error *err) {
    if (!exec->remount_sys_proc || (exec->flags & CLONE_NEWNS) != 0)
        return 0;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
        return error_errno(err, NULL, "create a mount namespace for /proc and /sys");
    (void)umount2("/proc", MNT_DETACH); /* locked in a user namespace: then it is covered */
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return error_errno(err, NULL, "mount proc on /proc");
    if ((exec->flags & CLONE_NEWNET) == 0)
        return 0;
    (void)umount2("/sys", MNT_DETACH);
    if (mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return error_errno(err, NULL, "mount sysfs on /sys");
    return 0;
}

static bool needs_admin_for_filter(const struct apply_exec *exec) {
    return exec->filter != NULL && !exec->process->no_new_privileges;
}

/* The plan's process, or that with the capabilities that this one has anyway. */
static int final_process(const struct apply_exec *exec, struct plan_process *process,
                         struct thole_error *err) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    *process = *exec->process;
    if (!exec->keep_capabilities)
        return 0;
    if (capget(&header, data) < 0)
        return error_errno(err, NULL, "read the capabilities of the caller");
    const uint64_t permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    process->capabilities = (struct plan_capabilities){
        .set = false, /* the bounding set stays */
        .effective = permitted,
        .permitted = permitted,
        .inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable,
    };
    return 0;
}

static int set_surroundings(const struct apply_exec *exec, struct thole_error *err) {
    const struct plan_process *process = exec->process;
    if (process->personality != (unsigned long)-1 && personality(process->personality) < 0)
        return error_errno(err, "/linux/personality", "set the personality");
    if (exec->keyring != NULL &&
        label_new_keyring(exec->proc_fd, exec->keyring, process->selinux, err) < 0)
        return -1;
    if (process->cpu_initial == NULL)
        (void)sys_reset_cpus(0); /* the caller's affinity is not the container's */
    if (process->cpu_final != NULL && sys_set_cpu_list(0, process->cpu_final) < 0)
        return error_errno(err, "/process/execCPUAffinity/final", "set the CPU affinity");
    return apply_scheduling(process, err);
}

static int prepare(const struct apply_exec *exec, const struct plan_process *process, int peer,
                   char *program, size_t size, struct apply_environment *environment,
                   struct thole_error *err) {
    if (become_root(exec, err) < 0 || start_session(exec, peer, err) < 0 ||
        remount_sys_proc(exec, err) < 0 || set_surroundings(exec, err) < 0)
        return -1;
    int entered = apply_working_directory(process, true, err);
    if (entered < 0)
        return -1;
    if ((exec->flags & CLONE_NEWUSER) == 0 && apply_rlimits(process, 0, err) < 0)
        return -1;
    apply_stdio_give(process->uid);
    if (apply_identity(process, needs_admin_for_filter(exec), err) < 0)
        return -1;
    /* New ids bring the system's default back, which may be to let others of that id look in. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return error_errno(err, NULL, "become undumpable");
    if (entered == 0 && apply_working_directory(process, false, err) < 0)
        return -1;
    apply_environment_fill(process, environment);
    return apply_executable_find(process, program, size, err);
}

static int load_filter(const struct apply_exec *exec, struct thole_error *err) {
    if (exec->filter == NULL)
        return 0;
    int notify_fd = seccomp_filter_load(exec->filter, err);
    if (notify_fd <= 0)
        return notify_fd;
    struct wire_message message;
    if (wire_send(exec->sync, WIRE_SECCOMP, NULL, 0, notify_fd, err) < 0 ||
        wire_expect(exec->sync, WIRE_SECCOMP_KEPT, &message, "the runtime", err) < 0)
        return -1;
    (void)close(notify_fd);
    return 0;
}

static noreturn void run_process(const struct apply_exec *exec, int peer) {
    struct thole_error err = {0};
    struct wire_message message;
    struct plan_process process;
    char program[PATH_MAX];
    struct apply_environment environment = {0};

    if (final_process(exec, &process, &err) < 0 ||
        prepare(exec, &process, peer, program, sizeof(program), &environment, &err) < 0 ||
        wire_send(exec->sync, WIRE_READY, NULL, 0, -1, &err) < 0 ||
        wire_expect(exec->sync, WIRE_START, &message, "the runtime", &err) < 0 ||
        apply_exec_labels(&process, exec->proc_fd, &err) < 0 ||
        apply_keep_fds(exec->passed_fds, exec->passed_count, &err) < 0)
        fail(exec, &err);
    apply_reset_signals(&process);
    /* The last one: a filter may forbid to read the clock. */
    phases_end(exec->phases, PHASES_INSIDE, "last steps");
    if (load_filter(exec, &err) < 0 ||
        (needs_admin_for_filter(exec) && apply_capabilities(&process, &err) < 0))
        fail(exec, &err);
    (void)execve(program, process.args.items, environment.items);
    apply_executable_error(program, errno, process.program_where, &err);
    fail(exec, &err);
}

void apply_exec(const struct apply_exec *exec) {
    struct thole_error err = {0};
    int peer = -1;
    phases_end(exec->phases, PHASES_INSIDE, "birth");
    (void)close(exec->runtime_end);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (join(exec, &err) < 0 || make_terminal(exec, &peer, &err) < 0 ||
        take_stdio(exec, peer, &err) < 0 || drop_fds(exec, peer, &err) < 0)
        fail(exec, &err);
    phases_end(exec->phases, PHASES_INSIDE, "namespaces");

    pid_t pid = sys_clone(CLONE_PARENT, -1, NULL);
    if (pid < 0) {
        error_errno(&err, NULL, "start a process in the container");
        if (errno == EAGAIN)
            error_hint(&err, "the pids limit of the container or of its user is reached");
        fail(exec, &err);
    }
    if (pid == 0)
        run_process(exec, peer);
    int64_t number = pid;
    if (wire_send(exec->sync, WIRE_CHILD_PID, &number, sizeof(number), -1, &err) < 0)
        fail(exec, &err);
    _exit(EXIT_SUCCESS);
}
