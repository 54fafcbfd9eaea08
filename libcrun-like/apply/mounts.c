/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a plan: build detached, set attributes, attach to a resolved target. */
#include "apply/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "apply/copy_up.h"
#include "apply/filesystem.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "sys/close_later.h"
#include "sys/loop.h"
#include "sys/mount_calls.h"
#include "sys/path.h"

/* What fsmount(2) takes; the rest (nosymfollow) is set afterwards. */
#define FSMOUNT_ATTRIBUTES                                                          \
    (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | \
     MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME)

struct mounting {
    int *root_fd;
    struct apply_readonly_last *last;
    struct sys_close_later *closing;
};

/* Labels and kernel settings are written beneath these: a link would send them elsewhere. */
static bool is_system(const struct plan_mount *mount) {
    return strcmp(mount->type, "proc") == 0 || strcmp(mount->type, "sysfs") == 0;
}

static int open_by_rules(const struct plan_mount *mount, int root_fd) {
    if (is_system(mount) || !mount->destination_nofollow)
        return sys_open_in_root(root_fd, mount->target, O_PATH,
                                is_system(mount) ? RESOLVE_NO_SYMLINKS : 0);
    const char *name = NULL;
    cleanup_close int parent = sys_open_parent_in_root(root_fd, mount->target, &name);
    return parent < 0 ? -1 : openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int open_target(const struct plan_mount *mount, int root_fd, bool directory,
                       struct thole_error *err) {
    const bool follows = !is_system(mount) && !mount->destination_nofollow;
    const bool make = !mount->may_fail || mount->create_target;
    int fd = follows && make ? -1 : open_by_rules(mount, root_fd);
    if (make && (follows || (fd < 0 && errno == ENOENT))) {
        cleanup_close int made = sys_make_in_root(
            root_fd, mount->target, directory ? SYS_PATH_DIRECTORY : SYS_PATH_FILE, 0755);
        if (made < 0)
            return error_errno(err, mount->where, "create mount point %s", mount->target);
        fd = follows ? take_fd(&made) : open_by_rules(mount, root_fd);
    }
    if (fd < 0) {
        error_errno(err, mount->where, "open mount point %s", mount->target);
        if (errno == ELOOP)
            error_hint(err, "a mount of type %s must not go through a symbolic link", mount->type);
    }
    return fd;
}

/* What is mounted beneath a tree is read-only at once; the tree itself, if it is writable, waits.
 */
static int set_recursive(int mount_fd, const struct plan_mount *mount, bool waits,
                         struct mount_attr *own) {
    struct mount_attr recursive = {.attr_set = mount->recursive_set,
                                   .attr_clr = mount->recursive_clear};
    struct statvfs status;
    if (recursive.attr_set == 0 && recursive.attr_clr == 0)
        return 0;
    if (waits && (recursive.attr_set & MOUNT_ATTR_RDONLY) != 0) {
        if (fstatvfs(mount_fd, &status) < 0)
            return -1;
        if ((status.f_flag & ST_RDONLY) == 0)
            own->attr_clr |= MOUNT_ATTR_RDONLY;
    }
    return mount_setattr(mount_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &recursive, sizeof(recursive));
}

/* @made: the attributes it has already, of those that fsmount(2) takes. */
static int set_attributes(int mount_fd, const struct plan_mount *mount, uint64_t made, bool waits,
                          struct thole_error *err) {
    struct mount_attr own = {.attr_set = mount->attributes_set & ~made,
                             .attr_clr = mount->attributes_clear & ~made};
    if (set_recursive(mount_fd, mount, waits, &own) < 0)
        return error_errno(err, mount->where, "set recursive mount options of %s", mount->target);
    if (waits)
        own.attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
    if (own.attr_set == 0 && own.attr_clr == 0)
        return 0;
    if (mount_setattr(mount_fd, "", AT_EMPTY_PATH, &own, sizeof(own)) < 0) {
        error_errno(err, mount->where, "set mount options of %s", mount->target);
        if (errno == EPERM && own.attr_clr != 0)
            error_hint(err, "the source is mounted with options that a user namespace may not lift "
                            "(ro, nosuid, nodev, noexec or an atime mode): ask for them as well");
        return -1;
    }
    return 0;
}

static int set_propagation(int mount_fd, const struct plan_mount *mount, bool from_host,
                           struct thole_error *err) {
    unsigned long kind = mount->propagation & ~(unsigned long)MS_REC;
    unsigned flags = AT_EMPTY_PATH;
    if (kind == 0 && !from_host)
        return 0;
    if (kind == 0)
        kind = MS_PRIVATE;
    /* A tree from the host carries the host's propagation, which nobody asked for below it. */
    if (from_host || (mount->propagation & MS_REC) != 0)
        flags |= AT_RECURSIVE;
    struct mount_attr attributes = {.propagation = kind};
    if (mount_setattr(mount_fd, "", flags, &attributes, sizeof(attributes)) < 0)
        return error_errno(err, mount->where, "set the propagation of %s", mount->target);
    return 0;
}

/* A source that is a symbolic link is recreated in the container instead of being followed. */
static int copy_symlink(const struct plan_mount *mount, int root_fd, struct thole_error *err) {
    char text[PATH_MAX];
    ssize_t length = readlink(mount->source, text, sizeof(text) - 1);
    if (length < 0) /* EINVAL: it is none; what is not there is found out by the mount */
        return errno == EINVAL || errno == ENOENT
                   ? 0
                   : error_errno(err, mount->where, "read link %s", mount->source);
    text[length] = '\0';
    const char *name = NULL;
    cleanup_close int parent = sys_open_parent_in_root(root_fd, mount->target, &name);
    if (parent < 0 || (symlinkat(text, parent, name) < 0 && errno != EEXIST))
        return error_errno(err, mount->where, "create symbolic link %s", mount->target);
    return 1;
}

static int open_bind(const struct plan_mount *mount, const char *path, struct thole_error *err) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
    if (mount->recursive)
        flags |= AT_RECURSIVE;
    if (mount->source_nofollow)
        flags |= AT_SYMLINK_NOFOLLOW;
    int tree = open_tree(AT_FDCWD, path, flags);
    if (tree < 0 && !(mount->optional && errno == ENOENT))
        return error_errno(err, mount->where, "open mount source %s", path);
    return tree;
}

/* Labels and kernel settings are written to /proc: nothing may pose as it (CVE-2019-16884), nor be
 * mounted into it through a symbolic link. The plan has checked the targets that say /proc. */
static int check_proc(int mount_fd, int target, const struct plan_mount *mount,
                      struct thole_error *err) {
    if (mount->must_be_proc && sys_filesystem_type(mount_fd) != PROC_SUPER_MAGIC)
        return error_config(err, mount->where, "only a procfs may be mounted on %s", mount->target);
    if (path_is_beneath(mount->target, "/proc") || strcmp(mount->type, "proc") == 0)
        return 0;
    const int64_t beneath = sys_filesystem_type(target);
    if (beneath < 0)
        return error_errno(err, mount->where, "look at mount point %s", mount->target);
    if (beneath == PROC_SUPER_MAGIC)
        return error_config(err, mount->where, "mount point %s leads into a procfs", mount->target);
    return 0;
}

/* What is mounted on the root is the root from then on: later targets lie in it. */
static int become_root(int mount_fd, const struct plan_mount *mount, const struct mounting *at,
                       struct thole_error *err) {
    int root = fcntl(mount_fd, F_DUPFD_CLOEXEC, 0);
    if (root < 0)
        return error_errno(err, mount->where, "take %s for the root", mount->type);
    (void)close(*at->root_fd);
    *at->root_fd = root;
    return 0;
}

static int attach(int mount_fd, const struct plan_mount *mount, const struct mounting *at,
                  struct thole_error *err) {
    bool directory = mount->kind == PLAN_MOUNT_FILESYSTEM || sys_is_directory(mount_fd);
    cleanup_close int target = open_target(mount, *at->root_fd, directory, err);
    if (target < 0)
        return -1;
    if (check_proc(mount_fd, target, mount, err) < 0)
        return -1;
    if (mount_attach(mount_fd, target) == 0) {
        sys_close_later(at->closing, take_fd(&target));
        return strcmp(mount->target, "/") == 0 ? become_root(mount_fd, mount, at, err) : 0;
    }
    /* The kernel calls a file on a directory, and the other way round, just invalid. */
    if (errno == EINVAL && directory != sys_is_directory(target))
        errno = ENOTDIR;
    return error_errno(err, mount->where, "mount %s on %s",
                       mount->type[0] != '\0' ? mount->type : mount->source, mount->target);
}

/* A tree of the container's own, as it is by now; links lead nowhere else. */
static int open_inner(const struct plan_mount *mount, int root_fd, struct thole_error *err) {
    const unsigned recursive = mount->recursive ? AT_RECURSIVE : 0;
    const uint64_t resolve = mount->must_be_proc ? RESOLVE_NO_SYMLINKS : 0;
    cleanup_close int place = sys_open_in_root(root_fd, mount->source, O_PATH, resolve);
    if (place < 0)
        return error_errno(err, mount->where, "open mount source %s in the container",
                           mount->source);
    int tree =
        open_tree(place, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive);
    if (tree < 0)
        return error_errno(err, mount->where, "clone mount source %s in the container",
                           mount->source);
    return tree;
}

/* What every new mount ends with: attributes before anybody can see it, and its place. */
static int place(int mount_fd, const struct plan_mount *mount, uint64_t made, bool from_host,
                 const struct mounting *at, struct thole_error *err) {
    const bool waits = apply_readonly_waits(at->last, mount, mount_fd);
    if (set_attributes(mount_fd, mount, made, waits, err) < 0 ||
        set_propagation(mount_fd, mount, from_host, err) < 0)
        return -1;
    return attach(mount_fd, mount, at, err);
}

static int mount_bind(const struct plan_mount *mount, const struct apply_source *source,
                      const struct mounting *at, struct thole_error *err) {
    if (mount->copy_symlink) {
        int copied = copy_symlink(mount, *at->root_fd, err);
        if (copied != 0)
            return copied < 0 ? -1 : 0;
    }
    bool detached = source != NULL && source->tree >= 0;
    cleanup_close int own = -1;
    int tree = -1;
    if (detached) {
        /* Kernels list mounts by age: a clone of now stands where the configuration has it. Before
         * 6.15 a detached tree cannot be cloned and is used itself. */
        own = mount_clone(source->tree, mount->recursive ? AT_RECURSIVE : 0);
        tree = own >= 0 ? own : source->tree;
    } else {
        own = open_bind(mount, mount->source, err);
        if (own < 0)
            return mount->optional && errno == ENOENT ? 0 : -1;
        tree = own;
        if (source != NULL && apply_map_ids(tree, mount, source->userns, err) < 0)
            return -1;
    }
    return place(tree, mount, 0, detached && !source->is_private, at, err);
}

static int mount_inner(const struct plan_mount *mount, const struct apply_source *source,
                       const struct mounting *at, struct thole_error *err) {
    cleanup_close int tree = open_inner(mount, *at->root_fd, err);
    if (tree < 0 || (source != NULL && apply_map_ids(tree, mount, source->userns, err) < 0))
        return -1;
    return place(tree, mount, 0, false, at, err);
}

/* A host without the mount may still have its directory. */
static bool is_filesystem(int tree, const char *type) {
    static const struct {
        const char *type;
        long magic;
    } known[] = {{"mqueue", 0x19800202}, {"proc", PROC_SUPER_MAGIC}, {"sysfs", SYSFS_MAGIC}};
    struct statfs status;
    if (fstatfs(tree, &status) < 0)
        return false;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].type, type) == 0)
            return (long)status.f_type == known[i].magic;
    }
    return true;
}

/* sysfs and mqueue want a namespace that the container's user namespace owns: where the kernel
 * refuses, the host's own mount is bound instead, read-only as the host has it or as asked. */
static int mount_host_instead(const struct plan_mount *mount, const struct mounting *at,
                              struct thole_error *err) {
    struct plan_mount bind = *mount;
    bind.kind = PLAN_MOUNT_BIND;
    bind.source = mount->bind_on_eperm;
    bind.recursive = true;
    cleanup_close int tree = open_bind(&bind, bind.source, err);
    if (tree < 0)
        return -1;
    if (!is_filesystem(tree, mount->type))
        return error_set(err, THOLE_ERROR_HOST, EPERM, mount->where,
                         "mount %s on %s: %s of the host is none that could be bound instead",
                         mount->type, mount->target, bind.source);
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    if (mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) < 0)
        return error_errno(err, mount->where, "make %s read-only", bind.source);
    return place(tree, &bind, 0, false, at, err);
}

static int fill_from_target(int mount_fd, const struct plan_mount *mount, int root_fd,
                            struct thole_error *err) {
    cleanup_close int old =
        sys_open_in_root(root_fd, mount->target, O_RDONLY | O_DIRECTORY | O_NONBLOCK, 0);
    if (old < 0)
        return errno == ENOENT ? 0 : error_errno(err, mount->where, "open %s", mount->target);
    return apply_copy_up(old, mount_fd, mount->where, err);
}

static bool has_parameter(const struct plan_mount *mount, const char *key) {
    for (size_t i = 0; i < mount->parameter_count; i++) {
        if (strcmp(mount->parameters[i].key, key) == 0)
            return true;
    }
    return false;
}

/* A tmpfs without mode= takes over the mode of the directory it covers. */
static int keep_mode(int mount_fd, const struct plan_mount *mount, int root_fd,
                     struct thole_error *err) {
    if (strcmp(mount->type, "tmpfs") != 0 || has_parameter(mount, "mode"))
        return 0;
    cleanup_close int old = sys_open_in_root(root_fd, mount->target, O_PATH | O_DIRECTORY, 0);
    struct stat status;
    if (old < 0 || fstat(old, &status) < 0)
        return errno == ENOENT ? 0 : error_errno(err, mount->where, "look at %s", mount->target);
    if ((status.st_mode & 07777) != 01777 && fchmodat(mount_fd, ".", status.st_mode & 07777, 0) < 0)
        return error_errno(err, mount->where, "set the mode of %s", mount->target);
    return 0;
}

/* x-loop: the mount keeps the device, which is free again when that is gone. */
static int attach_image(const struct plan_mount *mount, char *path, size_t size,
                        struct thole_error *err) {
    int device = sys_loop_attach(mount->source, path, size);
    if (device < 0)
        return error_errno(err, mount->where, "attach %s to a loop device (/dev/loop-control)",
                           mount->source);
    return device;
}

static int mount_filesystem(const struct plan_mount *mount, const struct apply_source *source,
                            const struct mounting *at, struct thole_error *err) {
    const uint64_t made = FSMOUNT_ATTRIBUTES & ~(mount->readonly_last ? MOUNT_ATTR_RDONLY : 0ULL);
    char device[32] = "";
    cleanup_close int loop = mount->loop ? attach_image(mount, device, sizeof(device), err) : -1;
    if (mount->loop && loop < 0)
        return -1;
    cleanup_close int mount_fd = apply_filesystem_new(
        mount->type, mount->loop ? device : mount->source, mount->parameters,
        mount->parameter_count, mount->attributes_set & made, mount->where, at->closing, err);
    if (mount_fd < 0) {
        if (mount->bind_on_eperm != NULL && err->code == EPERM)
            return mount_host_instead(mount, at, err);
        return error_prefix(err, "mount %s on %s", mount->type, mount->target);
    }
    if (keep_mode(mount_fd, mount, *at->root_fd, err) < 0)
        return -1;
    if (mount->copy_up && fill_from_target(mount_fd, mount, *at->root_fd, err) < 0)
        return -1;
    if (source != NULL && apply_map_ids(mount_fd, mount, source->userns, err) < 0)
        return -1;
    if (place(mount_fd, mount, made, false, at, err) < 0)
        return -1;
    sys_close_later(at->closing, take_fd(&mount_fd));
    return 0;
}

/* Parameters go to the superblock, attributes to the mount. */
static int remount(const struct plan_mount *mount, int root_fd, struct thole_error *err) {
    cleanup_close int target = open_target(mount, root_fd, true, err);
    if (target < 0)
        return -1;
    if (mount->parameter_count > 0 &&
        apply_filesystem_change(target, mount->target, mount->parameters, mount->parameter_count,
                                mount->where, err) < 0)
        return -1;
    if (set_attributes(target, mount, 0, false, err) < 0)
        return -1;
    return set_propagation(target, mount, false, err);
}

static int make_symlink(const struct plan_mount *mount, int root_fd, struct thole_error *err) {
    const char *name = NULL;
    cleanup_close int parent = sys_open_parent_in_root(root_fd, mount->target, &name);
    if (parent < 0 || (symlinkat(mount->source, parent, name) < 0 && errno != EEXIST))
        return error_errno(err, mount->where, "create symbolic link %s", mount->target);
    return 0;
}

static int apply_mount(const struct plan_mount *mount, const struct apply_source *source,
                       const struct mounting *at, struct thole_error *err) {
    switch (mount->kind) {
    case PLAN_MOUNT_FILESYSTEM:
        return mount_filesystem(mount, source, at, err);
    case PLAN_MOUNT_BIND:
        return mount_bind(mount, source, at, err);
    case PLAN_MOUNT_INNER:
        return mount_inner(mount, source, at, err);
    case PLAN_MOUNT_REMOUNT:
        return remount(mount, *at->root_fd, err);
    case PLAN_MOUNT_SYMLINK:
        return make_symlink(mount, *at->root_fd, err);
    }
    return error_bug(err, "unknown kind of mount");
}

int apply_mounts(const struct plan *plan, struct phases *phases, struct apply_bind_sources *sources,
                 int *root_fd, struct apply_readonly_last *last, struct thole_error *err) {
    cleanup_sys_close_later struct sys_close_later closing = {0};
    const struct mounting at = {root_fd, last, &closing};
    for (size_t i = 0; i < plan->mount_count; i++) {
        if (apply_bind_source_borrow(plan, i, sources, err) < 0)
            return -1;
        const struct apply_source *source = sources->items != NULL ? &sources->items[i] : NULL;
        if (apply_mount(&plan->mounts[i], source, &at, err) < 0) {
            if (!plan->mounts[i].may_fail)
                return -1;
            *err = (struct thole_error){0};
        }
        apply_bind_source_used(sources, i);
        phases_part(phases, PHASES_INSIDE, plan->mounts[i].where, plan->mounts[i].target);
    }
    return 0;
}
