/* SPDX-License-Identifier: Apache-2.0 */
/* clone3 and what has to stand around it. */
#include "create/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/namespaces.h"
#include "base/cleanup.h"
#include "base/names.h"
#include "base/wire.h"
#include "state/process.h"
#include "sys/clone.h"
#include "sys/path.h"
#include "sys/userns.h"

/* Namespaces that a process hands to its children without moving itself, or that it can leave
 * again: these the runtime enters for the moment of the clone. */
static const unsigned long lent_flags[] = {CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
                                           CLONE_NEWTIME};
enum { LENT = sizeof(lent_flags) / sizeof(lent_flags[0]) };

static const struct plan_joined_namespace *find_joined(const struct plan *plan,
                                                       unsigned long flag) {
    for (size_t i = 0; i < plan->namespaces.joined_count; i++) {
        if (plan->namespaces.joined[i].flag == flag)
            return &plan->namespaces.joined[i];
    }
    return NULL;
}

static int open_own(unsigned long flag, struct thole_error *err) {
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/self/ns/%s", names_namespace_file(flag));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : error_errno(err, NULL, "open %s", path);
}

/* The runtime's own namespaces, to return to after the clone; -1 for those it never left. */
struct own_namespaces {
    int fds[LENT];
};

static int leave(const struct plan *plan, struct own_namespaces *own, struct thole_error *err) {
    for (int i = 0; i < LENT; i++) {
        unsigned long flag = lent_flags[i];
        const struct plan_joined_namespace *joined = find_joined(plan, flag);
        bool new_time = flag == CLONE_NEWTIME && (plan->namespaces.created & flag) != 0;
        if (joined == NULL && !new_time)
            continue;
        own->fds[i] = open_own(flag, err);
        if (own->fds[i] < 0)
            return -1;
        if (joined != NULL && apply_join_namespace(joined, err) < 0)
            return -1;
    }
    return 0;
}

static int come_back(struct own_namespaces *own, struct thole_error *err) {
    int result = 0;
    for (int i = 0; i < LENT; i++) {
        if (own->fds[i] < 0)
            continue;
        if (setns(own->fds[i], (int)lent_flags[i]) < 0)
            result = error_errno(err, NULL, "return to the runtime's namespaces");
        (void)close(take_fd(&own->fds[i]));
    }
    return result;
}

/* The offsets of a time namespace are fixed once somebody is in it: unshare() only makes it for
 * future children (time_namespaces(7)). */
static int make_time_namespace(const struct plan *plan, int proc_fd, struct thole_error *err) {
    if ((plan->namespaces.created & CLONE_NEWTIME) == 0)
        return 0;
    if (unshare(CLONE_NEWTIME) < 0)
        return error_errno(err, "/linux/namespaces", "create a time namespace");
    if (plan->namespaces.time_offsets == NULL)
        return 0;
    if (sys_write_proc(proc_fd, "self/timens_offsets", plan->namespaces.time_offsets) < 0)
        return error_errno(err, "/linux/timeOffsets", "write time namespace offsets");
    return 0;
}

/* Created by clone3 itself; cgroup and time namespaces come about in their own ways, and a mount
 * namespace that is made of the root filesystem. */
static unsigned long clone_flags(const struct plan *plan) {
    unsigned long others = CLONE_NEWCGROUP | CLONE_NEWTIME;
    if (plan->rootfs.entry == PLAN_ROOT_TREE)
        others |= CLONE_NEWNS;
    return plan->namespaces.created & ~others;
}

static pid_t clone_init(const struct plan *plan, const struct apply_init *init,
                        unsigned long extra_flags, int *ret_pidfd) {
    struct apply_init own = *init;
    int birthplace = init->enters_cgroup ? -1 : init->cgroup->unified;
    pid_t pid = sys_clone(clone_flags(plan) | extra_flags, birthplace, ret_pidfd);
    /* A threaded cgroup, for one, cannot be cloned into but can be entered. */
    if (pid < 0 && birthplace >= 0 && (errno == EBUSY || errno == EOPNOTSUPP)) {
        own.enters_cgroup = true;
        pid = sys_clone(clone_flags(plan) | extra_flags, -1, ret_pidfd);
    }
    if (pid == 0)
        apply_init(&own);
    return pid;
}

/* The process in between: enters the user namespace, clones init as the runtime's child, ends. */
static void run_stage(const struct plan *plan, const struct apply_init *init,
                      const struct plan_joined_namespace *user) {
    struct thole_error err = {0};
    pid_t pid = -1;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (apply_join_namespace(user, &err) == 0) {
        pid = clone_init(plan, init, CLONE_PARENT, NULL);
        if (pid < 0)
            error_errno(&err, "/linux/namespaces", "clone the container's init");
    }
    int64_t number = pid;
    if (pid < 0 ||
        wire_send(init->stage_end, WIRE_CHILD_PID, &number, sizeof(number), -1, &err) < 0) {
        wire_send_error(init->stage_end, &err);
        _exit(EXIT_FAILURE);
    }
    _exit(EXIT_SUCCESS);
}

static int clone_through_stage(const struct plan *plan, const struct apply_init *init,
                               const struct plan_joined_namespace *user, struct launched *launched,
                               struct thole_error *err) {
    cleanup_close int stage_pidfd = -1;
    struct apply_init own = *init;
    int pair[2]; /* init talks over its own from the first: the pid could come second there */
    if (wire_pair(pair, err) < 0)
        return -1;
    cleanup_close int stage_sync = pair[0];
    own.stage_end = pair[1];
    pid_t stage = sys_clone(0, -1, &stage_pidfd);
    if (stage == 0)
        run_stage(plan, &own, user);
    if (stage < 0)
        error_errno(err, NULL, "fork");
    (void)close(own.stage_end);
    if (stage < 0)
        return -1;

    struct wire_message message;
    int received = wire_expect(stage_sync, WIRE_CHILD_PID, &message, "the joining process", err);
    (void)process_wait(stage_pidfd);
    if (received < 0)
        return -1;
    launched->pid = (pid_t)message.payload.number;
    launched->pidfd = pidfd_open(launched->pid, 0);
    if (launched->pidfd < 0)
        return error_errno(err, NULL, "open the container's init");
    return 0;
}

static int clone_directly(const struct plan *plan, const struct apply_init *init,
                          struct launched *launched, struct thole_error *err) {
    launched->pid = clone_init(plan, init, 0, &launched->pidfd);
    if (launched->pid >= 0)
        return 0;
    error_errno(err, "/linux/namespaces", "clone the container's init");
    if (errno == EPERM && (plan->namespaces.created & CLONE_NEWUSER) == 0)
        error_hint(err, "an unprivileged user needs a user namespace in /linux/namespaces");
    if (errno == ENOSPC)
        error_hint(err, "a limit in /proc/sys/user on the number of namespaces is reached");
    return -1;
}

static int write_id_maps(const struct plan *plan, const struct apply_init *init,
                         const struct launched *launched, struct thole_error *err) {
    if ((plan->namespaces.created & CLONE_NEWUSER) == 0)
        return 0;
    const struct plan_user_mapping *user = &plan->user;
    if (sys_userns_write_maps(init->proc_fd, launched->pid, user->map.uid_map, user->map.gid_map,
                              user->deny_setgroups, user->use_newuidmap, err) < 0)
        return -1;
    return wire_send(launched->sync, WIRE_IDS_MAPPED, NULL, 0, -1, err);
}

/* Nobody inside may look into a half-made init; only an unprivileged writer of id maps needs the
 * process to be dumpable a little longer. */
static void hide_from_ptrace(const struct plan *plan) {
    if ((plan->namespaces.created & CLONE_NEWUSER) == 0 || geteuid() == 0)
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static int clone_in_namespaces(const struct plan *plan, const struct apply_init *init,
                               struct launched *launched, struct thole_error *err) {
    struct own_namespaces own = {.fds = {-1, -1, -1, -1, -1}};
    const struct plan_joined_namespace *user = find_joined(plan, CLONE_NEWUSER);
    int result = leave(plan, &own, err);
    if (result == 0)
        result = make_time_namespace(plan, init->proc_fd, err);
    if (result == 0)
        result = user != NULL ? clone_through_stage(plan, init, user, launched, err)
                              : clone_directly(plan, init, launched, err);
    if (come_back(&own, result == 0 ? err : NULL) < 0)
        return -1;
    return result;
}

int launch_init(const struct plan *plan, struct apply_init *init, struct launched *ret_launched,
                struct thole_error *err) {
    int pair[2];
    if (wire_pair(pair, err) < 0)
        return -1;
    ret_launched->sync = pair[0];
    cleanup_close int far_end = pair[1];
    init->sync = far_end;
    init->runtime_end = pair[0];
    init->stage_end = -1;
    hide_from_ptrace(plan);
    if (clone_in_namespaces(plan, init, ret_launched, err) < 0)
        return -1;
    if (plan->process != NULL &&
        apply_oom_score(plan->process, init->proc_fd, ret_launched->pid, err) < 0)
        return -1;
    return write_id_maps(plan, init, ret_launched, err);
}

void launch_abort(struct launched *launched) {
    if (launched->pidfd >= 0) {
        (void)pidfd_send_signal(launched->pidfd, SIGKILL, NULL, 0);
        (void)process_wait(launched->pidfd);
        (void)close(take_fd(&launched->pidfd));
    }
    if (launched->sync >= 0)
        (void)close(take_fd(&launched->sync));
}
