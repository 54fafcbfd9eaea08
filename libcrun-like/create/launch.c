/* SPDX-License-Identifier: Apache-2.0 */
/* clone3 and what has to stand around it. */
#include "create/launch.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/become.h"
#include "apply/credentials.h"
#include "apply/namespaces.h"
#include "base/cleanup.h"
#include "base/wire.h"
#include "state/process.h"
#include "sys/clone.h"
#include "sys/process_calls.h"
#include "sys/userns.h"

static bool joins(const struct plan *plan, unsigned long kinds) {
    for (size_t i = 0; i < plan->namespaces.joined_count; i++) {
        if ((plan->namespaces.joined[i].flag & kinds) != 0)
            return true;
    }
    return false;
}

/* A pid namespace takes in children only; and born in a user namespace of its own, init has no
 * right any more to enter what is not that one's. */
static bool needs_stage(const struct plan *plan) {
    unsigned long in_between = CLONE_NEWPID | CLONE_NEWUSER;
    if ((plan->namespaces.created & CLONE_NEWUSER) != 0)
        in_between |= APPLY_STAGE_NAMESPACES;
    return joins(plan, in_between);
}

/* Created by clone3 itself; cgroup and time namespaces come about in their own ways. */
static unsigned long clone_flags(const struct plan *plan) {
    return plan->namespaces.created & ~(unsigned long)(CLONE_NEWCGROUP | CLONE_NEWTIME);
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

/* The process in between: enters namespaces by path, which it need not leave again, clones init as
 * the runtime's child, and ends. What it says of init is a pidfd: a number could be another
 * namespace's. Init may be born where somebody else can see it at once. */
static void run_stage(const struct plan *plan, const struct apply_init *init) {
    struct thole_error err = {0};
    int pidfd = -1;
    apply_become_anonymous();
    int scored = apply_oom_score(plan->process, init->become.proc_fd, getpid(), &err);
    if (scored == 0 && apply_hide(&err) == 0 &&
        apply_join_namespaces(&plan->namespaces, APPLY_STAGE_NAMESPACES, &err) == 0 &&
        clone_init(plan, init, CLONE_PARENT, &pidfd) < 0)
        error_errno(&err, "/linux/namespaces", "clone the container's init");
    if (pidfd >= 0 && wire_send(init->stage_end, WIRE_CHILD_PID, NULL, 0, pidfd, &err) == 0)
        _exit(EXIT_SUCCESS);
    wire_send_error(init->stage_end, &err);
    _exit(EXIT_FAILURE);
}

static int clone_through_stage(const struct plan *plan, const struct apply_init *init,
                               struct launched *launched, struct thole_error *err) {
    cleanup_close int stage_pidfd = -1;
    struct apply_init own = *init;
    int pair[2]; /* init talks over its own from the first: the pid could come second there */
    if (wire_pair(pair, err) < 0)
        return -1;
    cleanup_close int stage_sync = pair[0];
    own.stage_end = pair[1];
    pid_t stage = sys_clone_helper(0, &stage_pidfd);
    if (stage == 0)
        run_stage(plan, &own);
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
    if (message.fd_count != 1)
        return error_bug(err, "the joining process sent no pidfd");
    launched->pidfd = message.fds[0];
    launched->pid = process_of_pidfd(launched->pidfd);
    return launched->pid > 0 ? 0 : error_errno(err, NULL, "tell the pid of the container's init");
}

static int clone_directly(const struct plan *plan, const struct apply_init *init,
                          struct launched *launched, struct thole_error *err) {
    launched->pid = clone_init(plan, init, 0, &launched->pidfd);
    if (launched->pid >= 0)
        return apply_oom_score(plan->process, init->become.proc_fd, launched->pid, err);
    error_errno(err, "/linux/namespaces", "clone the container's init");
    if (errno == EPERM && (plan->namespaces.created & CLONE_NEWUSER) == 0)
        error_hint(err, "an unprivileged user needs a user namespace in /linux/namespaces");
    if (errno == ENOSPC)
        error_hint(err, "a limit in /proc/sys/user on the number of namespaces is reached");
    return -1;
}

/* Whoever joins a namespace and names its mappings relies on them. */
static int check_id_maps(const struct plan *plan, const struct apply_init *init,
                         const struct launched *launched, struct thole_error *err) {
    const struct plan_id_map *map = &plan->user.map;
    const char *where = "/linux/uidMappings";
    int equal =
        sys_userns_has_map(init->become.proc_fd, launched->pid, "uid_map", map->uid_map, err);
    if (equal == 1) {
        where = "/linux/gidMappings";
        equal =
            sys_userns_has_map(init->become.proc_fd, launched->pid, "gid_map", map->gid_map, err);
    }
    return equal == 0 ? error_config(err, where, "the user namespace that is joined has others")
                      : equal - 1;
}

static int write_id_maps(const struct plan *plan, const struct apply_init *init,
                         const struct launched *launched, struct thole_error *err) {
    const struct plan_user_mapping *user = &plan->user;
    if (user->map.uid_map == NULL)
        return 0;
    if ((plan->namespaces.created & CLONE_NEWUSER) == 0)
        return check_id_maps(plan, init, launched, err);
    if (sys_userns_write_maps(init->become.proc_fd, launched->pid, user->map.uid_map,
                              user->map.gid_map, user->deny_setgroups, user->use_newuidmap,
                              user->where, err) < 0)
        return -1;
    return wire_send(launched->sync, WIRE_IDS_MAPPED, NULL, 0, -1, err);
}

int launch_init(const struct plan *plan, bool as_root, struct apply_init *init,
                struct launched *ret_launched, struct thole_error *err) {
    int pair[2];
    if (wire_pair(pair, err) < 0)
        return -1;
    ret_launched->sync = pair[0];
    cleanup_close int far_end = pair[1];
    init->become.sync = far_end;
    init->runtime_end = pair[0];
    init->stage_end = -1;
    /* Nobody inside may look into a half-made init. Where an ordinary user's runtime has to write
     * id maps or oom_score_adj, the processes hide right after that. */
    if (as_root && apply_hide(err) < 0)
        return -1;
    if ((needs_stage(plan) ? clone_through_stage : clone_directly)(plan, init, ret_launched, err) <
        0)
        return -1;
    return write_id_maps(plan, init, ret_launched, err);
}

void launch_abort(struct launched *launched) {
    if (launched->pidfd >= 0) {
        (void)pidfd_send_signal(launched->pidfd, SIGKILL, NULL, 0);
        (void)process_wait(launched->pidfd);
        (void)close(take_fd(&launched->pidfd));
    }
    cleanup_close_fd(&launched->sync);
}
