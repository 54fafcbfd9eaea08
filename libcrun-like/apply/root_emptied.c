/* SPDX-License-Identifier: Apache-2.0 */
/* Entering the root filesystem without pivot_root(2). */
#include "apply/root_emptied.h"

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/mount_calls.h"
#include "sys/mount_status.h"

/* What is taken along. */
struct luggage {
    int own;  /* this mount namespace */
    int root; /* detached clone of the root filesystem */
    int null; /* detached clone of /dev/null, -1: nothing is taken of the host */
};

static void luggage_done(struct luggage *luggage) {
    cleanup_close_fd(&luggage->own);
    cleanup_close_fd(&luggage->root);
    cleanup_close_fd(&luggage->null);
}

/* The mount of "/" has to lie on another one, which remains, and not on a shared one: from there
 * the host's root would be unmounted as well. */
static bool can_go(uint64_t root) {
    struct sys_mount_status mount;
    struct sys_mount_status parent;
    return root != 0 && sys_mount_status(root, &mount) == 0 && mount.parent_id != mount.id &&
           sys_mount_status(mount.parent_id, &parent) == 0 && !parent.shared;
}

/* Entering a namespace leads to its topmost root. It is entered before there is no way back, which
 * shows that it can be, and that "/" is that root: in a chroot another one would be unmounted.
 * Returns 1, 0 if nothing has happened, -1 for errors. */
static int enter_own(int own, uint64_t root, struct thole_error *err) {
    cleanup_close int former = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (former < 0 || setns(own, CLONE_NEWNS) < 0)
        return 0;
    if (sys_root_mount_id() == root)
        return 1;
    if (fchdir(former) < 0 || chroot(".") < 0)
        return error_errno(err, NULL, "return to the runtime's root directory");
    return 0;
}

/* Kernels list mounts by age: what is taken along is cloned once more when its turn comes, which
 * they do with something detached from Linux 6.15 on. */
static bool pack(const struct plan *plan, int proc_fd, int place, int null_fd,
                 struct luggage *luggage) {
    luggage->own = openat(proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
    luggage->root = mount_clone(place, AT_RECURSIVE);
    if (luggage->own < 0 || luggage->root < 0)
        return false;
    if (!apply_bind_sources_are_needed(plan))
        return true;
    luggage->null = mount_clone(null_fd, 0);
    cleanup_close int again = luggage->null >= 0 ? mount_clone(luggage->null, 0) : -1;
    return again >= 0;
}

/* 1: the host's mounts are gone. */
static int leave_host(const struct plan *plan, int proc_fd, struct apply_bind_sources *sources,
                      int null_fd, struct luggage *luggage, struct thole_error *err) {
    uint64_t root = sys_root_mount_id();
    cleanup_close int place =
        open(plan->rootfs.source, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int held = place >= 0 && can_go(root) ? apply_bind_sources_hold(plan, sources, err) : 0;
    if (held <= 0)
        return held;
    if ((sources->items != NULL &&
         !apply_bind_sources_lie_elsewhere(plan, sources, proc_fd, place)) ||
        !pack(plan, proc_fd, place, null_fd, luggage))
        return 0;
    int entered = enter_own(luggage->own, root, err);
    if (entered <= 0 || apply_bind_sources_detach(plan, sources) == 0)
        return entered < 0 ? -1 : 0;
    if (umount2("/", MNT_DETACH) == 0)
        return 1;
    apply_bind_sources_drop(sources);
    return 0;
}

int apply_root_emptied_enter(const struct plan *plan, int proc_fd,
                             struct apply_bind_sources *sources, int *null_fd,
                             struct thole_error *err) {
    __attribute__((cleanup(luggage_done))) struct luggage luggage = {-1, -1, -1};
    int left = leave_host(plan, proc_fd, sources, *null_fd, &luggage, err);
    apply_bind_sources_let_go(sources);
    if (left <= 0)
        return left;
    /* The first leads to the empty bottom of the namespace, the second to what is attached there.
     */
    if (setns(luggage.own, CLONE_NEWNS) < 0 ||
        move_mount(luggage.root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 ||
        setns(luggage.own, CLONE_NEWNS) < 0)
        return error_errno(err, plan->rootfs.where, "enter rootfs %s", plan->rootfs.source);
    if (luggage.null >= 0) {
        (void)close(*null_fd);
        *null_fd = take_fd(&luggage.null);
    }
    return 1;
}
