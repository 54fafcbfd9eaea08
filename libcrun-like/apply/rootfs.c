/* SPDX-License-Identifier: Apache-2.0 */
/* Making, entering and sealing the container's root. */
#include "apply/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sys/mount_calls.h"
#include "sys/process_calls.h"

enum { MOUNTINFO_MAX = 64 * 1024 * 1024 };

static const char root_where[] = "/root/path";
static const char propagation_where[] = "/linux/rootfsPropagation";

int apply_rootfs_isolate(const struct plan_rootfs *rootfs, struct thole_error *err) {
    const bool slave = (rootfs->propagation & MS_SLAVE) != 0;
    struct mount_attr attributes = {.propagation = slave ? MS_SLAVE : MS_PRIVATE};
    if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof(attributes)) < 0)
        return error_errno(err, propagation_where,
                           "separate the container's mounts from the host's");
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
    cleanup_close int tree = mount_clone(place, AT_RECURSIVE);
    if (tree < 0)
        return error_errno(err, root_where, "clone the mounts of rootfs %s", rootfs->source);
    if (mount_attach(tree, place) < 0)
        return error_errno(err, root_where, "mount rootfs %s", rootfs->source);
    return take_fd(&tree);
}

int apply_rootfs_open_entered(struct thole_error *err) {
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root >= 0 ? root : error_errno(err, root_where, "open rootfs");
}

/* In mountinfo three octal digits stand for a blank or a backslash. */
static void decode(char *path) {
    char *to = path;
    for (const char *from = path; *from != '\0'; to++) {
        if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* Unmounts what is mounted on @host, the former root, but @kept. Mounts on top of others show when
 * those are gone. Returns how many went, -1 if one cannot; @ret_left: how many there were. */
static int detach_some(const char *mountinfo, uint64_t host, uint64_t kept, size_t *ret_left) {
    int gone = 0;
    *ret_left = 0;
    for (const char *line = mountinfo + strlen(mountinfo); line != mountinfo;) {
        char path[PATH_MAX];
        do
            line--;
        while (line != mountinfo && line[-1] != '\n');
        char *rest;
        const uint64_t id = strtoull(line, &rest, 10);
        const uint64_t parent = strtoull(rest, &rest, 10);
        if (sscanf(rest, " %*s %*s %4095s", path) != 1 || parent != host || id == kept)
            continue;
        decode(path);
        ++*ret_left;
        gone += umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
    }
    return gone;
}

static int mount_id(int fd, uint64_t *ret_id) {
    struct statx status;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &status) < 0)
        return -1;
    *ret_id = status.stx_mnt_id;
    return 0;
}

/* With the host's procfs in sight of the kernel, a user namespace of the container could mount one
 * of its own, without the container's masks. */
static int detach_host(int proc_fd, int root_fd, struct thole_error *err) {
    cleanup_close int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    uint64_t host_id = 0;
    uint64_t root_id = 0;
    if (host < 0 || mount_id(host, &host_id) < 0 || mount_id(root_fd, &root_id) < 0)
        return error_errno(err, root_where, "look at the host's root");
    for (;;) {
        cleanup_free char *mountinfo = NULL;
        size_t left = 0;
        if (file_read_at(proc_fd, "self/mountinfo", MOUNTINFO_MAX, &mountinfo, NULL, err) < 0)
            return -1;
        int gone = detach_some(mountinfo, host_id, root_id, &left);
        if (left == 0)
            return 0;
        if (gone > 0)
            continue;
        return error_errno(err, root_where, "unmount the host's mounts");
    }
}

/* A host whose own root is a ramfs cannot pivot: its "/" is covered by the new one instead. */
static int move_root(int proc_fd, int root_fd, struct thole_error *err) {
    if (fchdir(root_fd) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0)
        return error_errno(err, root_where, "move rootfs to /");
    if (detach_host(proc_fd, root_fd, err) < 0)
        return -1;
    if (chroot(".") < 0)
        return error_errno(err, root_where, "change the root directory");
    return 0;
}

/* The old root lies on top of the new one, and where that was mounted on a clone of "/", this clone
 * on top of the old one. Whoever joins the namespace begins at what is topmost: none may stay. */
static int detach_former(uint64_t root, struct thole_error *err) {
    for (;;) {
        struct statx topmost;
        if (umount2(".", MNT_DETACH) < 0 || statx(AT_FDCWD, "/..", 0, STATX_MNT_ID, &topmost) < 0)
            return error_errno(err, root_where, "detach the host's root");
        if (topmost.stx_mnt_id == root)
            return 0;
    }
}

static int pivot_root(int root_fd, struct thole_error *err) {
    uint64_t root = 0;
    if (fchdir(root_fd) < 0 || mount_id(root_fd, &root) < 0)
        return error_errno(err, root_where, "change directory to rootfs");
    /* The old root ends up on top of the new one, at ".", and is detached from there:
     * pivot_root(2), "pivot_root(".", ".")". */
    if (syscall(SYS_pivot_root, ".", ".") < 0) {
        error_errno(err, root_where, "pivot_root");
        if (errno == EINVAL)
            error_hint(err, "a host that runs from an initial ramfs needs --no-pivot");
        return -1;
    }
    return detach_former(root, err);
}

int apply_rootfs_enter(const struct plan_rootfs *rootfs, int proc_fd, int root_fd,
                       struct thole_error *err) {
    if ((rootfs->no_pivot ? move_root(proc_fd, root_fd, err) : pivot_root(root_fd, err)) < 0)
        return -1;
    if (chdir("/") < 0)
        return error_errno(err, root_where, "change directory to /");
    return 0;
}

int apply_rootfs_finish(const struct plan_rootfs *rootfs, struct thole_error *err) {
    /* Everything is private by now, or a slave if that is asked for (MS_PRIVATE | MS_REC is what
     * the spec calls rprivate). */
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
