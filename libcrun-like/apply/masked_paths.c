/* SPDX-License-Identifier: Apache-2.0 */
/* Hiding and write-protecting paths of the container. */
#include "apply/masked_paths.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "apply/filesystem.h"
#include "base/cleanup.h"
#include "sys/close_later.h"
#include "sys/mount_calls.h"
#include "sys/path.h"
#include "sys/process_calls.h"

int apply_null_open(struct thole_error *err) {
    cleanup_close int fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return error_errno(err, NULL, "open the host's /dev/null");
    if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
        return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                         "the host's /dev/null is not the null device");
    return take_fd(&fd);
}

struct covering {
    int root_fd;
    int null_fd;
    int empty_fd; /* a tmpfs that every masked directory shows; -1 until the first needs it */
    struct sys_close_later closing;
};

static int open_empty_directory(struct sys_close_later *closing, struct thole_error *err) {
    const struct plan_pair parameters[] = {
        {"ro", NULL}, {"nr_blocks", "1"}, {"nr_inodes", "1"}, {"mode", "0755"}};
    return apply_filesystem_new(
        "tmpfs", "tmpfs", parameters, sizeof(parameters) / sizeof(parameters[0]),
        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
        "/linux/maskedPaths", closing, err);
}

/* Whether a path led to the root itself, which nothing can be mounted on: it is the root of a
 * mount, as few other places are. */
static int is_root(int fd, int root_fd, struct statx *ret_found) {
    struct statx root;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MNT_ID, ret_found) < 0)
        return -1;
    if ((ret_found->stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0)
        return 0;
    if (statx(root_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &root) < 0)
        return -1;
    return ret_found->stx_mnt_id == root.stx_mnt_id;
}

/* 1: opened, 0: there is nothing to protect. */
static int open_existing(const struct plan_path *path, int root_fd, int *ret_fd,
                         struct thole_error *err) {
    int fd = sys_open_in_root(root_fd, path->path, O_PATH, 0);
    if (fd >= 0) {
        *ret_fd = fd;
        return 1;
    }
    if (errno == ENOENT || errno == ENOTDIR)
        return 0;
    return error_errno(err, path->where, "open %s", path->path);
}

/* The first directory takes the tmpfs itself: only an attached mount can be cloned on
 * kernels before 6.15. */
static int cover(struct covering *at, int target, bool directory, struct thole_error *err) {
    if (directory && at->empty_fd < 0) {
        at->empty_fd = open_empty_directory(&at->closing, err);
        return at->empty_fd < 0 ? -1 : mount_attach(at->empty_fd, target);
    }
    int clone = mount_clone(directory ? at->empty_fd : at->null_fd, 0);
    if (clone < 0)
        return -1;
    int result = mount_attach(clone, target);
    sys_close_later(&at->closing, clone);
    return result;
}

static int mask(const struct plan_path *path, struct covering *at, struct thole_error *err) {
    cleanup_close int target = -1;
    int found = open_existing(path, at->root_fd, &target, err);
    if (found <= 0)
        return found;
    struct statx status;
    int root = is_root(target, at->root_fd, &status);
    if (root < 0)
        return error_errno(err, path->where, "stat %s", path->path);
    if (root == 1)
        return error_config(err, path->where, "%s is the container's root", path->path);
    if (cover(at, target, S_ISDIR(status.stx_mode), err) < 0)
        return error_errno(err, path->where, "mask %s", path->path);
    sys_close_later(&at->closing, take_fd(&target));
    return 0;
}

/* The root becomes read-only itself, any other place a read-only copy of what is mounted there. */
static int protect(const struct plan_path *path, struct covering *at, struct thole_error *err) {
    cleanup_close int target = -1;
    cleanup_close int tree = -1;
    int found = open_existing(path, at->root_fd, &target, err);
    if (found <= 0)
        return found;
    struct statx status;
    int root = is_root(target, at->root_fd, &status);
    if (root == 0)
        tree = mount_clone(target, AT_RECURSIVE);
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    if (root < 0 || (root == 0 && tree < 0) ||
        mount_setattr(root == 1 ? at->root_fd : tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                      sizeof(attributes)) < 0 ||
        (root == 0 && mount_attach(tree, target) < 0))
        return error_errno(err, path->where, "make %s read-only", path->path);
    sys_close_later(&at->closing, take_fd(&target));
    sys_close_later(&at->closing, take_fd(&tree));
    return 0;
}

int apply_paths(const struct plan *plan, int null_fd, int root_fd, struct thole_error *err) {
    struct covering at = {.root_fd = root_fd, .null_fd = null_fd, .empty_fd = -1};
    int result = 0;
    for (size_t i = 0; result == 0 && i < plan->readonly_count; i++)
        result = protect(&plan->readonly[i], &at, err);
    for (size_t i = 0; result == 0 && i < plan->masked_count; i++)
        result = mask(&plan->masked[i], &at, err);
    sys_close_later(&at.closing, at.empty_fd);
    sys_close_later_done(&at.closing);
    return result;
}
