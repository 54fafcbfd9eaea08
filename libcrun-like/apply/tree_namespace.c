/* SPDX-License-Identifier: Apache-2.0 */
/* Entering a mount namespace made of the root filesystem. */
#include "apply/tree_namespace.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/mount_namespace.h"

/* Where an open file really lies; false if that cannot be said. */
static bool real_path(int proc_fd, int fd, char path[PATH_MAX]) {
    char link[32];
    (void)snprintf(link, sizeof(link), "self/fd/%d", fd);
    ssize_t length = readlinkat(proc_fd, link, path, PATH_MAX);
    if (length <= 0 || length >= PATH_MAX || path[0] != '/')
        return false;
    path[length] = '\0';
    return true;
}

static bool is_beneath(const char *path, const char *directory) {
    size_t length = strcmp(directory, "/") == 0 ? 0 : strlen(directory);
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

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

/* The plan has compared the names; now symbolic links have been followed. An unbindable mount can
 * be bound from a private copy of it only. */
static bool sources_are_usable(const struct plan *plan, int proc_fd, int root,
                               const struct apply_sources *sources) {
    char root_path[PATH_MAX];
    char path[PATH_MAX];
    if (sources->items == NULL)
        return true;
    if (!real_path(proc_fd, root, root_path))
        return false;
    for (size_t i = 0; i < plan->mount_count; i++) {
        if (plan->mounts[i].kind != PLAN_MOUNT_BIND)
            continue;
        int place = sources->items[i].place;
        if (!real_path(proc_fd, place, path) || is_beneath(path, root_path) ||
            (plan->mounts[i].recursive && is_beneath(root_path, path)) || !is_bindable(place))
            return false;
    }
    return true;
}

static bool needs_host(const struct plan *plan) {
    bool needed = plan->masked_count > 0;
    for (size_t i = 0; i < plan->mount_count && !needed; i++)
        needed = plan->mounts[i].kind == PLAN_MOUNT_BIND;
    return needed;
}

static int enter(const struct plan *plan, int proc_fd, struct apply_sources *sources,
                 struct apply_host_mounts *host, struct thole_error *err) {
    cleanup_close int root =
        open(plan->rootfs.source, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (root < 0 || !host_root_stays_away())
        return 0;
    int held = apply_sources_hold(plan, sources, err);
    if (held <= 0)
        return held;
    if (!sources_are_usable(plan, proc_fd, root, sources))
        return 0;
    if (needs_host(plan)) {
        if (apply_host_null_open(host, err) < 0)
            return -1;
        host->host = openat(proc_fd, "self/ns/mnt", O_RDONLY | O_CLOEXEC);
        if (host->host < 0 || !is_bindable(host->null_fd))
            return 0;
    }
    host->own = sys_tree_namespace_new(root);
    return host->own >= 0 && setns(host->own, CLONE_NEWNS) == 0 ? 1 : 0;
}

int apply_tree_namespace_enter(const struct plan *plan, int proc_fd, struct apply_sources *sources,
                               struct apply_host_mounts *host, struct thole_error *err) {
    int entered = enter(plan, proc_fd, sources, host, err);
    if (entered != 1) {
        apply_host_mounts_done(host);
        apply_sources_let_go(sources);
    }
    return entered;
}
