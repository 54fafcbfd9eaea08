/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes and links beneath the container's root. */
#include "apply/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "apply/lent_devices.h"
#include "base/cleanup.h"
#include "sys/mount_calls.h"
#include "sys/path.h"

/* A node that is there already is fine if it is the same device. */
static int check_existing(const struct plan_device *device, int parent, const char *name,
                          struct thole_error *err) {
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(err, device->where, "stat device %s", device->path);
    bool same_type = (status.st_mode & S_IFMT) == apply_device_type(device);
    if (same_type &&
        (device->type == 'p' || status.st_rdev == makedev(device->major, device->minor)))
        return 0;
    errno = EEXIST;
    return error_errno(err, device->where, "create device %s: a different file is there",
                       device->path);
}

/* fchmodat(2) follows a link that somebody who shares the image may put there meanwhile. Before
 * Linux 6.6 the C library goes through /proc, which is the host's until the root is entered. */
static int set_mode(int parent, const char *name, mode_t mode) {
    enum { FCHMODAT2 = 452 };
    long result = syscall(FCHMODAT2, parent, name, mode, AT_SYMLINK_NOFOLLOW);
    if (result < 0 && errno == ENOSYS)
        return fchmodat(parent, name, mode, AT_SYMLINK_NOFOLLOW);
    return (int)result;
}

static int make_node(const struct plan_device *device, int parent, const char *name,
                     struct thole_error *err) {
    const bool made = mknodat(parent, name, apply_device_type(device) | device->mode,
                              makedev(device->major, device->minor)) == 0;
    if (!made && errno != EEXIST)
        return error_errno(err, device->where, "create device %s", device->path);
    if (!made && check_existing(device, parent, name, err) < 0)
        return -1;
    const bool owner = made ? device->uid != 0 || device->gid != 0 : device->owner_given;
    if ((owner && fchownat(parent, name, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0) ||
        (device->mode_given && set_mode(parent, name, device->mode) < 0))
        return error_errno(err, device->where, "set mode and owner of device %s", device->path);
    return 0;
}

static bool is_device(int fd, const struct plan_device *device) {
    struct stat status;
    return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == apply_device_type(device) &&
           status.st_rdev == makedev(device->major, device->minor);
}

/* By the name that the configuration gives it, or by udev's for the number. */
static int open_host_node(const struct plan_device *device, struct thole_error *err) {
    char by_number[48];
    (void)snprintf(by_number, sizeof(by_number), "/dev/%s/%u:%u",
                   device->type == 'b' ? "block" : "char", device->major, device->minor);
    const char *const paths[] = {device->source, by_number};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        cleanup_close int tree = open_tree(AT_FDCWD, paths[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (tree < 0 && errno != ENOENT && errno != ENOTDIR)
            return error_errno(err, device->where, "open the host's %s", paths[i]);
        if (tree >= 0 && is_device(tree, device))
            return take_fd(&tree);
    }
    errno = ENODEV;
    return error_errno(
        err, device->where,
        "neither the host's %s nor %s is device %c %u:%u, and a user namespace makes "
        "none",
        device->source, by_number, device->type, device->major, device->minor);
}

static int bind_node(const struct plan_device *device, const struct apply_lent_devices *lent,
                     size_t index, int root_fd, struct thole_error *err) {
    bool is_lent = device->lent && lent->directory >= 0;
    cleanup_close int tree = is_lent ? apply_lent_device(lent, index) : open_host_node(device, err);
    if (tree < 0)
        return is_lent ? error_errno(err, device->where, "bind device %s", device->path) : -1;
    cleanup_close int target = sys_make_in_root(root_fd, device->path, SYS_PATH_FILE, 0755);
    if (target < 0)
        return error_errno(err, device->where, "create %s", device->path);
    if (mount_attach(tree, target) < 0)
        return error_errno(err, device->where, "bind device %s", device->path);
    return 0;
}

/* Nodes are made beneath one open directory as long as they share it, which nearly all do. */
struct parent_directory {
    int fd;
    char path[256];
};

static int open_parent(const char *path, int root_fd, struct parent_directory *parent,
                       const char **ret_name) {
    const char *slash = strrchr(path, '/');
    size_t length = slash != NULL ? (size_t)(slash - path) : 0;
    if (slash != NULL && parent->fd >= 0 && strlen(parent->path) == length &&
        strncmp(parent->path, path, length) == 0 && slash[1] != '\0') {
        *ret_name = slash + 1;
        return 0;
    }
    int fd = sys_open_parent_in_root(root_fd, path, ret_name);
    if (fd < 0)
        return -1;
    cleanup_close_fd(&parent->fd);
    parent->fd = fd;
    parent->path[0] = '\0';
    if (length < sizeof(parent->path)) {
        memcpy(parent->path, path, length);
        parent->path[length] = '\0';
    }
    return 0;
}

static int make_nodes(const struct plan *plan, int sync, int root_fd,
                      struct parent_directory *parent, struct thole_error *err) {
    cleanup_lent_devices struct apply_lent_devices lent = APPLY_LENT_DEVICES_INIT;
    if (apply_devices_borrow(plan, sync, root_fd, &lent, err) < 0)
        return -1;
    for (size_t i = 0; i < plan->device_count; i++) {
        const struct plan_device *device = &plan->devices[i];
        if (device->bind && device->type != 'p') {
            if (bind_node(device, &lent, i, root_fd, err) < 0)
                return -1;
            continue;
        }
        const char *name = NULL;
        if (open_parent(device->path, root_fd, parent, &name) < 0)
            return error_errno(err, device->where, "open the directory of %s", device->path);
        if (make_node(device, parent->fd, name, err) < 0)
            return -1;
    }
    return 0;
}

static int make_link(const struct plan_link *link, int parent, const char *name,
                     struct thole_error *err) {
    if (symlinkat(link->target, parent, name) == 0)
        return 0;
    /* An image may bring nodes of its own, of another devpts and of the host's terminal. */
    const bool replaces = strcmp(name, "ptmx") == 0 || strcmp(name, "tty1") == 0;
    if (errno == EEXIST && replaces && unlinkat(parent, name, 0) == 0 &&
        symlinkat(link->target, parent, name) == 0)
        return 0;
    if (errno == EEXIST)
        return 0;
    return error_errno(err, NULL, "create symbolic link %s", link->path);
}

/* Not every kernel has one, nor a container without proc. */
static bool is_missing_core(const struct plan_link *link, int root_fd) {
    if (strcmp(link->target, "/proc/kcore") != 0)
        return false;
    cleanup_close int core = sys_open_in_root(root_fd, link->target, O_PATH | O_NOFOLLOW, 0);
    return core < 0 && errno == ENOENT;
}

int apply_devices(const struct plan *plan, int sync, int root_fd, struct thole_error *err) {
    struct parent_directory parent = {.fd = -1};
    mode_t former = umask(0);
    int result = make_nodes(plan, sync, root_fd, &parent, err);
    for (size_t i = 0; result == 0 && i < plan->link_count; i++) {
        const char *name = NULL;
        if (open_parent(plan->links[i].path, root_fd, &parent, &name) < 0)
            result = error_errno(err, NULL, "open the directory of %s", plan->links[i].path);
        else if (!is_missing_core(&plan->links[i], root_fd))
            result = make_link(&plan->links[i], parent.fd, name, err);
    }
    (void)umask(former);
    cleanup_close_fd(&parent.fd);
    return result;
}
