/* SPDX-License-Identifier: Apache-2.0 */
/* Entering the root filesystem without pivot_root(2). */
#include "apply/emptied_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fastpath.h"

/* What is taken along. */
struct luggage {
    int own;  /* this mount namespace */
    int root; /* detached clone of the root filesystem */
    int null; /* detached clone of /dev/null, -1: nothing is masked */
};

static void luggage_done(struct luggage *luggage) {
    const int fds[] = {luggage->own, luggage->root, luggage->null};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
}

static int clone_tree(int place, unsigned flags) {
    return open_tree(place, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

/* Entering a namespace leads to its topmost root. Here it is entered once more, which shows that it
 * will be possible when there is no way back. */
static bool pack(const struct plan *plan, int proc_fd, int place, int null_fd,
                 struct luggage *luggage) {
    luggage->own = openat(proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
    luggage->root = clone_tree(place, AT_RECURSIVE);
    if (plan->masked_count > 0)
        luggage->null = clone_tree(null_fd, 0);
    return luggage->own >= 0 && luggage->root >= 0 &&
           (luggage->null >= 0 || plan->masked_count == 0) && setns(luggage->own, CLONE_NEWNS) == 0;
}

/* 1: the host's mounts are gone. A "/" that is the bottom of its namespace or not the root of a
 * mount cannot go. */
static int leave_host(const struct plan *plan, int proc_fd, struct apply_sources *sources,
                      const struct apply_host_mounts *host, struct luggage *luggage,
                      struct thole_error *err) {
    cleanup_close int place =
        open(plan->rootfs.source, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int held = place >= 0 ? apply_sources_hold(plan, sources, err) : 0;
    if (held <= 0)
        return held;
    if (!apply_sources_lie_elsewhere(plan, sources, proc_fd, place) ||
        !pack(plan, proc_fd, place, host->null_fd, luggage) ||
        apply_sources_detach(plan, sources) == 0)
        return 0;
    if (umount2("/", MNT_DETACH) == 0)
        return 1;
    apply_sources_drop(sources);
    return 0;
}

int apply_emptied_namespace_enter(const struct plan *plan, int proc_fd,
                                  struct apply_sources *sources, struct apply_host_mounts *host,
                                  struct thole_error *err) {
    __attribute__((cleanup(luggage_done))) struct luggage luggage = {-1, -1, -1};
    if (!fastpath_allowed(FASTPATH_EMPTIED_NAMESPACE))
        return 0;
    int left = leave_host(plan, proc_fd, sources, host, &luggage, err);
    apply_sources_let_go(sources);
    if (left <= 0)
        return left;
    /* "/" is the empty bottom of the namespace now, and the root filesystem after the second one.
     */
    if (setns(luggage.own, CLONE_NEWNS) < 0 ||
        move_mount(luggage.root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
        setns(luggage.own, CLONE_NEWNS) < 0)
        return error_errno(err, plan->rootfs.where, "enter rootfs %s", plan->rootfs.source);
    if (luggage.null >= 0) {
        cleanup_close_fd(&host->null_fd);
        host->null_fd = take_fd(&luggage.null);
        host->null_is_detached = true;
    }
    return 1;
}
