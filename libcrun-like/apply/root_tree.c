/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a mount namespace made of the root filesystem. */
#include "apply/root_tree.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/mount_namespace.h"

static bool is_bindable(int fd) {
    struct sys_mount_nature nature;
    return sys_mount_nature(fd, &nature) == 0 && !nature.unbindable;
}

/* Where the host's "/" is the bottom of its namespace, an initial ramfs, a copy of it would lie
 * beneath the container's: such a host takes the way that needs --no-pivot. */
static bool host_root_stays_away(void) {
    cleanup_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct sys_mount_nature nature;
    return root >= 0 && sys_mount_nature(root, &nature) == 0 && !nature.bottom;
}

/* An unbindable mount can be bound from a private copy of it only. */
static bool sources_are_bindable(const struct apply_bind_sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->items[i].place >= 0 && !is_bindable(sources->items[i].place))
            return false;
    }
    return true;
}

static int enter(const struct plan *plan, int proc_fd, struct apply_bind_sources *sources,
                 struct apply_host_mounts *host, struct thole_error *err) {
    cleanup_close int root =
        open(plan->rootfs.source, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (root < 0 || !host_root_stays_away())
        return 0;
    int held = apply_bind_sources_hold(plan, sources, err);
    if (held <= 0)
        return held;
    if (!apply_bind_sources_lie_elsewhere(plan, sources, proc_fd, root) ||
        !sources_are_bindable(sources))
        return 0;
    if (apply_bind_sources_are_needed(plan)) {
        if (apply_host_null_open(host, err) < 0)
            return -1;
        host->host = openat(proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
        if (host->host < 0 || !is_bindable(host->null_fd))
            return 0;
    }
    host->own = sys_tree_namespace_new(root);
    return host->own >= 0 && setns(host->own, CLONE_NEWNS) == 0 ? 1 : 0;
}

int apply_tree_namespace_enter(const struct plan *plan, int proc_fd,
                               struct apply_bind_sources *sources, struct apply_host_mounts *host,
                               struct thole_error *err) {
    int entered = enter(plan, proc_fd, sources, host, err);
    if (entered != 1) {
        apply_host_mounts_done(host);
        apply_bind_sources_let_go(sources);
    }
    return entered;
}
