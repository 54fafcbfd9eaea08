/* SPDX-License-Identifier: Apache-2.0 */
/* Opening mount sources and id maps for the container's init. */
#include "apply/bind_sources.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "base/wire.h"
#include "sys/mount_calls.h"
#include "sys/userns.h"

/* In a user namespace init may not even search the way to a source. */
static bool is_lent(const struct plan *plan, const struct plan_mount *mount) {
    return mount->kind == PLAN_MOUNT_BIND && !mount->copy_symlink &&
           plan_has_namespace(plan, CLONE_NEWUSER);
}

static bool needs_peers(const struct plan_mount *mount) {
    unsigned long kind = mount->propagation & ~(unsigned long)MS_REC;
    return mount->kind == PLAN_MOUNT_BIND && !mount->copy_symlink &&
           (kind == MS_SHARED || kind == MS_SLAVE);
}

static bool needs_map(const struct plan_mount *mount) {
    return mount->id_map != NULL || mount->id_map_container;
}

static int open_tree_of(const struct plan_mount *mount, int *ret_tree, struct thole_error *err) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
    if (mount->recursive)
        flags |= AT_RECURSIVE;
    if (mount->source_nofollow)
        flags |= AT_SYMLINK_NOFOLLOW;
    *ret_tree = open_tree(AT_FDCWD, mount->source, flags);
    /* Init tries again itself: what an earlier mount brings may not exist yet, and an unprivileged
     * runtime may clone nothing here. */
    if (*ret_tree < 0 && !mount->may_fail && errno != ENOENT && errno != EACCES &&
        errno != ENOTDIR && errno != EPERM)
        return error_errno(err, mount->where, "open mount source %s", mount->source);
    return 0;
}

static const struct plan_id_map *map_of(const struct plan *plan, const struct plan_mount *mount) {
    return mount->id_map_container ? &plan->user.map : mount->id_map;
}

static bool same_map(const struct plan_id_map *a, const struct plan_id_map *b) {
    return text_equal(a->uid_map, b->uid_map) && text_equal(a->gid_map, b->gid_map);
}

/* Mounts with equal maps share one namespace, and its descriptor. */
static int open_map(const struct plan *plan, size_t index, int proc_fd,
                    struct apply_bind_sources *sources, struct thole_error *err) {
    const struct plan_mount *mount = &plan->mounts[index];
    const struct plan_id_map *map = map_of(plan, mount);
    for (size_t i = 0; i < index; i++) {
        if (sources->items[i].userns < 0 || !same_map(map, map_of(plan, &plan->mounts[i])))
            continue;
        sources->items[index].userns = sources->items[i].userns;
        sources->items[index].shares_userns = true;
        return 0;
    }
    int fd = sys_userns_with_maps(proc_fd, map->uid_map, map->gid_map, mount->where, err);
    if (fd < 0)
        return -1;
    sources->items[index].userns = fd;
    return 0;
}

int apply_map_ids(int mount_fd, const struct plan_mount *mount, int userns,
                  struct thole_error *err) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
    unsigned flags = AT_EMPTY_PATH | (mount->id_map_recursive ? AT_RECURSIVE : 0);
    if (userns < 0 || mount_setattr(mount_fd, "", flags, &attributes, sizeof(attributes)) == 0)
        return 0;
    error_errno(err, mount->where, "map the ids of %s", mount->target);
    if (errno == EINVAL)
        error_hint(err, "the filesystem of %s does not support id-mapped mounts on this kernel",
                   mount->source != NULL ? mount->source : mount->type);
    if (errno == EPERM)
        error_hint(err, "that takes the rights of root where %s was mounted",
                   mount->source != NULL ? mount->source : mount->type);
    return -1;
}

static int allocate(const struct plan *plan, struct apply_bind_sources *sources,
                    struct thole_error *err) {
    if (sources->items != NULL)
        return 0;
    sources->items = calloc(plan->mount_count, sizeof(*sources->items));
    if (sources->items == NULL)
        return error_errno(err, NULL, "open mount sources");
    sources->count = plan->mount_count;
    for (size_t i = 0; i < plan->mount_count; i++)
        sources->items[i] = (struct apply_source){.tree = -1, .place = -1, .userns = -1};
    return 0;
}

/* -1 also stays the tree of a source that is not there, or that this process may not open. */
static int open_mapped(const struct plan_mount *mount, struct apply_source *source,
                       struct thole_error *err) {
    if (open_tree_of(mount, &source->tree, err) < 0)
        return -1;
    return source->tree < 0 ? 0 : apply_map_ids(source->tree, mount, source->userns, err);
}

int apply_bind_sources_keep_peers(const struct plan *plan, struct apply_bind_sources *sources,
                                  struct thole_error *err) {
    for (size_t i = 0; i < plan->mount_count; i++) {
        const struct plan_mount *mount = &plan->mounts[i];
        if (!needs_peers(mount))
            continue;
        if (allocate(plan, sources, err) < 0)
            return -1;
        struct apply_source *source = &sources->items[i];
        if (apply_bind_source_borrow(plan, i, sources, err) < 0)
            return -1;
        if (source->tree < 0 && open_mapped(mount, source, err) < 0)
            return -1;
    }
    return 0;
}

int apply_bind_sources_take(const struct plan *plan, struct apply_bind_sources *sources,
                            struct thole_error *err) {
    for (size_t i = 0; i < plan->mount_count; i++) {
        const struct plan_mount *mount = &plan->mounts[i];
        if (mount->kind != PLAN_MOUNT_BIND)
            continue;
        if (allocate(plan, sources, err) < 0)
            return -1;
        if (open_mapped(mount, &sources->items[i], err) < 0)
            return -1;
        if (sources->items[i].tree < 0 && !mount->may_fail)
            return error_errno(err, mount->where, "open mount source %s", mount->source);
    }
    return 0;
}

bool apply_bind_sources_are_needed(const struct plan *plan) {
    bool needed = plan->masked_count > 0;
    for (size_t i = 0; i < plan->mount_count && !needed; i++)
        needed = plan->mounts[i].kind == PLAN_MOUNT_BIND;
    return needed;
}

int apply_bind_sources_hold(const struct plan *plan, struct apply_bind_sources *sources,
                            struct thole_error *err) {
    for (size_t i = 0; i < plan->mount_count; i++) {
        const struct plan_mount *mount = &plan->mounts[i];
        if (mount->kind != PLAN_MOUNT_BIND)
            continue;
        if (allocate(plan, sources, err) < 0)
            return -1;
        sources->items[i].place =
            open_tree(AT_FDCWD, mount->source,
                      OPEN_TREE_CLOEXEC | (mount->source_nofollow ? AT_SYMLINK_NOFOLLOW : 0));
        if (sources->items[i].place < 0 && !mount->may_fail)
            return 0;
    }
    return 1;
}

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

bool apply_bind_sources_lie_elsewhere(const struct plan *plan,
                                      const struct apply_bind_sources *sources, int proc_fd,
                                      int root) {
    char root_path[PATH_MAX];
    char path[PATH_MAX];
    if (!real_path(proc_fd, root, root_path))
        return false;
    for (size_t i = 0; i < plan->mount_count; i++) {
        if (sources->items[i].place < 0)
            continue;
        if (!real_path(proc_fd, sources->items[i].place, path) ||
            path_is_beneath(path, root_path) ||
            (plan->mounts[i].recursive && path_is_beneath(root_path, path)))
            return false;
    }
    return true;
}

void apply_bind_sources_drop(struct apply_bind_sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->items[i].tree >= 0 && sources->items[i].is_private)
            (void)close(take_fd(&sources->items[i].tree));
    }
}

int apply_bind_sources_detach(const struct plan *plan, struct apply_bind_sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        const struct plan_mount *mount = &plan->mounts[i];
        struct apply_source *source = &sources->items[i];
        if (source->place < 0 || source->tree >= 0)
            continue;
        source->is_private = true;
        source->tree = mount_clone(source->place, mount->recursive ? AT_RECURSIVE : 0);
        struct thole_error ignored = {0};
        if (source->tree < 0 || apply_map_ids(source->tree, mount, source->userns, &ignored) < 0) {
            apply_bind_sources_drop(sources);
            return 0;
        }
    }
    apply_bind_sources_let_go(sources);
    return 1;
}

void apply_bind_sources_let_go(struct apply_bind_sources *sources) {
    for (size_t i = 0; i < sources->count; i++) {
        cleanup_close_fd(&sources->items[i].place);
    }
}

int apply_bind_source_lend(const struct plan *plan, size_t index,
                           const struct apply_bind_sources *sources, int init,
                           struct thole_error *err) {
    if (index >= plan->mount_count || !is_lent(plan, &plan->mounts[index]))
        return error_bug(err, "init asked for source %zu", index);
    const struct plan_mount *mount = &plan->mounts[index];
    cleanup_close int tree = -1;
    if (open_tree_of(mount, &tree, err) < 0)
        return -1;
    if (tree >= 0 && needs_map(mount) &&
        apply_map_ids(tree, mount, sources->items[index].userns, err) < 0)
        return -1;
    return wire_send(init, WIRE_SOURCE, NULL, 0, tree, err);
}

int apply_bind_source_borrow(const struct plan *plan, size_t index,
                             struct apply_bind_sources *sources, struct thole_error *err) {
    if (!is_lent(plan, &plan->mounts[index]))
        return 0;
    int64_t number = (int64_t)index;
    struct wire_message message;
    if (allocate(plan, sources, err) < 0)
        return -1;
    if (sources->items[index].tree >= 0)
        return 0;
    if (wire_send(sources->lender, WIRE_REQUEST_SOURCE, &number, sizeof(number), -1, err) < 0 ||
        wire_expect(sources->lender, WIRE_SOURCE, &message, "the runtime", err) < 0)
        return -1;
    if (message.fd_count == 1)
        sources->items[index].tree = message.fds[0];
    return 0;
}

void apply_bind_source_used(struct apply_bind_sources *sources, size_t index) {
    if (sources->items != NULL && sources->items[index].tree >= 0)
        (void)close(take_fd(&sources->items[index].tree));
}

int apply_bind_sources_open(const struct plan *plan, int proc_fd,
                            struct apply_bind_sources *ret_sources, struct thole_error *err) {
    *ret_sources = (struct apply_bind_sources){.lender = -1};
    for (size_t i = 0; i < plan->mount_count; i++) {
        if (needs_map(&plan->mounts[i]) && (allocate(plan, ret_sources, err) < 0 ||
                                            open_map(plan, i, proc_fd, ret_sources, err) < 0))
            return -1;
    }
    return 0;
}

void apply_bind_sources_done(struct apply_bind_sources *sources) {
    apply_bind_sources_let_go(sources);
    for (size_t i = 0; i < sources->count; i++) {
        cleanup_close_fd(&sources->items[i].tree);
        if (sources->items[i].userns >= 0 && !sources->items[i].shares_userns)
            (void)close(sources->items[i].userns);
    }
    free(sources->items);
    *sources = (struct apply_bind_sources){0};
}
