/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a directory tree, from its leaves. */
#include "lxc/store/tree_remove.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "lxc/store/mapped.h"
#include "lxc/store/tree_walk.h"

/* A container's root may have made files and directories immutable or append-only. */
static void make_changeable(int directory, const char *name) {
    int flags = 0;
    cleanup_close int fd =
        openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
        flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
        (void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
    }
}

/* Opening a device has effects of its own: only what can have flags is opened for them. */
static int unlink_changeable(int directory, const char *name, mode_t mode) {
    int flags = S_ISDIR(mode) ? AT_REMOVEDIR : 0;
    if (unlinkat(directory, name, flags) == 0 || errno == ENOENT)
        return 0;
    if (errno != EPERM)
        return -1;
    if (S_ISREG(mode) || S_ISDIR(mode))
        make_changeable(directory, name);
    if (directory != AT_FDCWD)
        make_changeable(directory, ".");
    return unlinkat(directory, name, flags);
}

static int remove_entry(void *userdata, const struct lxc_tree_walk *walk, const char *name,
                        const struct stat *status, struct thole_error *err) {
    (void)userdata;
    if (unlink_changeable(walk->directory, name, status->st_mode) == 0)
        return 0;
    int code = errno;
    cleanup_free char *path = lxc_tree_path(walk, name);
    return error_set(err, THOLE_ERROR_HOST, code, NULL, "remove %s/%s", walk->top, path);
}

/* What is in the tree. */
static int empty(const char *path, struct thole_error *err) {
    static const struct lxc_tree_visitor visitor = {.file = remove_entry, .leave = remove_entry};
    return lxc_tree_walk(path, &visitor, err);
}

static int empty_as_root(void *userdata, struct thole_error *err) {
    return empty(userdata, err);
}

/* An ordinary user removes what is his first, and then what belongs to ids that he was granted. If
 * he was granted none, it is the file that he has to hear of. */
static int empty_all(const char *path, struct thole_error *err) {
    struct thole_error failure = {0};
    struct thole_error second = {0};
    if (empty(path, &failure) == 0)
        return 0;
    if (geteuid() == 0 || (failure.code != EACCES && failure.code != EPERM))
        return error_copy(err, &failure);
    if (lxc_granted_call(empty_as_root, (void *)(uintptr_t)path, &second) == 0)
        return 0;
    return error_copy(err, second.code == EACCES || second.code == EPERM ? &second : &failure);
}

int lxc_tree_remove(const char *path, struct thole_error *err) {
    struct stat status;
    if (lstat(path, &status) < 0)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "look at %s", path);
    if (S_ISDIR(status.st_mode) && empty_all(path, err) < 0)
        return -1;
    if (unlink_changeable(AT_FDCWD, path, status.st_mode) < 0)
        return error_errno(err, NULL, "remove %s", path);
    return 0;
}
