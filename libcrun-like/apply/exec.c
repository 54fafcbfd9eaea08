/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a running container. Nothing in it may be trusted, and it may be watching. */
#include "apply/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "base/cleanup.h"
#include "base/phases.h"
#include "base/wire.h"
#include "sys/capabilities.h"
#include "sys/clone.h"
#include "sys/mount_calls.h"
#include "sys/sched.h"

static noreturn void fail(const struct apply_exec *exec, const struct thole_error *failure) {
    wire_send_error(exec->become.sync, failure);
    _exit(EXIT_FAILURE);
}

/* ---- outside of the pid namespace: invisible to the container ------------------------------- */

/* The cgroup is the container's already when its cgroup namespace is joined: where cgroup2 is
 * mounted with nsdelegate, nobody gets from inside it to a cgroup from one outside. */
static int join(const struct apply_exec *exec, struct thole_error *err) {
    const char *cpus = exec->become.process->cpu_initial;
    if (cpus != NULL && sys_set_cpu_list(0, cpus) < 0)
        return error_errno(err, "/process/execCPUAffinity/initial", "set the CPU affinity");
    if (exec->enters_cgroup && cgroup_join_move(exec->cgroup, err) < 0)
        return -1;
    if (cgroup_join_enter(exec->cgroup, err) < 0)
        return -1;
    if (exec->flags != 0 && setns(exec->pidfd, (int)exec->flags) < 0)
        return error_errno(err, NULL, "join the container's namespaces");
    if (exec->root >= 0 && (fchdir(exec->root) < 0 || chroot(".") < 0))
        return error_errno(err, NULL, "enter the container's root");
    return apply_become_root(&exec->become, err);
}

/* Before anything in the container can see this process, let alone trace it, the caller's terminal
 * is gone from it: from fds 0-2, and as the controlling one. */
static int leave_terminal(const struct apply_exec *exec, int *ret_peer, struct thole_error *err) {
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_errno(err, NULL, "open the container's root");
    if (apply_become_console(&exec->become, root, ret_peer, err) < 0 ||
        apply_become_stdio(&exec->become, *ret_peer, err) < 0)
        return -1;
    return exec->own_session ? apply_become_leader(-1, err) : 0;
}

/* The capabilities that this process has anyway, instead of the plan's. */
static int keep_capabilities(struct plan_process *process, struct thole_error *err) {
    struct sys_capabilities sets;
    if (sys_get_capabilities(&sets) < 0)
        return error_errno(err, NULL, "read the capabilities of the caller");
    process->capabilities = (struct plan_capabilities){
        .bounding = UINT64_MAX, /* that set stays as it is */
        .effective = sets.permitted,
        .permitted = sets.permitted,
        .inheritable = sets.inheritable,
    };
    return 0;
}

/* What the process proper has no use for must not be found in it (CVE-2016-8649). */
static int prepare(const struct apply_exec *exec, const struct apply_become *become, int *ret_peer,
                   struct thole_error *err) {
    if (leave_terminal(exec, ret_peer, err) < 0)
        return -1;
    /* That takes privileges in the pid namespace: then the rest is for the process proper. */
    if (!exec->remount_sys_proc && apply_become_user(become, err) < 0)
        return -1;
    return apply_become_bare(become, ret_peer, 1, err);
}

/* ---- the process proper: a member of the container from its first instruction ---------------- */

/* The host's /proc and /sys would show other processes and devices than the namespaces joined. */
static int remount_sys_proc(const struct apply_exec *exec, struct thole_error *err) {
    if ((exec->flags & CLONE_NEWNS) != 0)
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

static int finish(const struct apply_exec *exec, const struct apply_become *become, int peer,
                  struct apply_program *program, struct thole_error *err) {
    struct wire_message message;
    if ((peer >= 0 || exec->own_session) && apply_become_leader(peer, err) < 0)
        return -1;
    if (exec->remount_sys_proc &&
        (remount_sys_proc(exec, err) < 0 || apply_become_user(become, err) < 0))
        return -1;
    if (apply_become_ready(become, program, err) < 0 ||
        wire_send(become->sync, WIRE_READY, NULL, 0, -1, err) < 0)
        return -1;
    return wire_expect(become->sync, WIRE_START, &message, "the runtime", err);
}

static noreturn void run_process(const struct apply_exec *exec, const struct apply_become *become,
                                 int peer) {
    struct thole_error err = {0};
    struct apply_program program = {0};
    /* A runtime that is killed takes this process with it until the program runs. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (finish(exec, become, peer, &program, &err) == 0)
        (void)apply_become_program(become, become->sync, &program, &err);
    fail(exec, &err);
}

void apply_exec(const struct apply_exec *exec) {
    struct thole_error err = {0};
    struct apply_become become = exec->become;
    struct plan_process process = *become.process;
    int peer = -1;
    become.process = &process;
    phases_end(become.phases, PHASES_INSIDE, "birth");
    apply_become_anonymous();
    (void)close(exec->runtime_end);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    int scored = apply_oom_score(become.process, become.proc_fd, getpid(), &err);
    if (scored < 0 || apply_hide(&err) < 0 || join(exec, &err) < 0 ||
        (exec->keep_capabilities && keep_capabilities(&process, &err) < 0) ||
        prepare(exec, &become, &peer, &err) < 0)
        fail(exec, &err);
    phases_end(become.phases, PHASES_INSIDE, "namespaces");

    pid_t pid = sys_clone(CLONE_PARENT, -1, NULL);
    if (pid < 0) {
        error_errno(&err, NULL, "start a process in the container");
        if (errno == EAGAIN)
            error_hint(&err, "the pids limit of the container or of its user is reached");
        fail(exec, &err);
    }
    if (pid == 0)
        run_process(exec, &become, peer);
    int64_t number = pid;
    if (wire_send(become.sync, WIRE_CHILD_PID, &number, sizeof(number), -1, &err) < 0)
        fail(exec, &err);
    _exit(EXIT_SUCCESS);
}
