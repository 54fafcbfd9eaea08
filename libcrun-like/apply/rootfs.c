/* SPDX-License-Identifier: Apache-2.0 */
/* Making, entering and sealing the container's root. */
#include "apply/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/mount_calls.h"

static const char root_where[] = "/root/path";
static const char propagation_where[] = "/linux/rootfsPropagation";

int apply_rootfs_isolate(struct thole_error *err) {
    struct mount_attr attributes = {.propagation = MS_PRIVATE};
    if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof(attributes)) < 0)
        return error_errno(err, propagation_where, "make the mounts of the container private");
    return 0;
}

static int open_failed(const struct plan_rootfs *rootfs, struct thole_error *err) {
    char target[1];
    int code = errno;
    error_errno(err, root_where, "open rootfs %s", rootfs->source);
    if (code == ENOTDIR && readlink(rootfs->source, target, sizeof(target)) >= 0)
        error_hint(err, "it is a symbolic link: name the directory that it leads to");
    return -1;
}

int apply_rootfs_open(const struct plan_rootfs *rootfs, struct thole_error *err) {
    cleanup_close int place = open(rootfs->source, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (place < 0)
        return open_failed(rootfs, err);
    cleanup_close int tree =
        open_tree(place, "", AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    if (tree < 0)
        return error_errno(err, root_where, "clone the mounts of rootfs %s", rootfs->source);
    if (move_mount(tree, "", place, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
        return error_errno(err, root_where, "mount rootfs %s", rootfs->source);
    return take_fd(&tree);
}

int apply_rootfs_open_entered(struct thole_error *err) {
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root >= 0 ? root : error_errno(err, root_where, "open rootfs");
}

/* A host whose own root is a ramfs cannot pivot: its "/" is covered by the new one instead. */
static int move_root(int root_fd, struct thole_error *err) {
    if (fchdir(root_fd) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
        return error_errno(err, root_where, "move rootfs to /");
    return 0;
}

int apply_rootfs_enter(const struct plan_rootfs *rootfs, int root_fd, struct thole_error *err) {
    if (rootfs->no_pivot) {
        if (move_root(root_fd, err) < 0)
            return -1;
    } else {
        if (fchdir(root_fd) < 0)
            return error_errno(err, root_where, "change directory to rootfs");
        /* The old root ends up on top of the new one, at ".", and is detached from there:
         * pivot_root(2), "pivot_root(".", ".")". */
        if (syscall(SYS_pivot_root, ".", ".") < 0) {
            error_errno(err, root_where, "pivot_root");
            if (errno == EINVAL)
                error_hint(err, "a host that runs from an initial ramfs needs --no-pivot");
            return -1;
        }
        if (umount2(".", MNT_DETACH) < 0)
            return error_errno(err, root_where, "detach the host's root");
    }
    if (chdir("/") < 0)
        return error_errno(err, root_where, "change directory to /");
    return 0;
}

int apply_rootfs_finish(const struct plan_rootfs *rootfs, struct thole_error *err) {
    /* Everything is private by now (MS_PRIVATE | MS_REC is what the spec calls rprivate). */
    unsigned long kind = rootfs->propagation & ~(unsigned long)MS_REC;
    if (kind != 0 && kind != MS_PRIVATE) {
        unsigned recursive = (rootfs->propagation & MS_REC) != 0 ? AT_RECURSIVE : 0;
        struct mount_attr attributes = {.propagation = kind};
        if (mount_setattr(AT_FDCWD, "/", recursive, &attributes, sizeof(attributes)) < 0)
            return error_errno(err, propagation_where, "set the propagation of /");
    }
    if (rootfs->readonly) {
        struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
        if (mount_setattr(AT_FDCWD, "/", 0, &attributes, sizeof(attributes)) < 0)
            return error_errno(err, "/root/readonly", "make / read-only");
    }
    return 0;
}
