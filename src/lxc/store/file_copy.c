/* SPDX-License-Identifier: Apache-2.0 */
/* Copying one file: its data without its holes, and everything that is known about it. */
#include "lxc/store/file_copy.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { PIECE = 1 << 18, ATTRIBUTE_MAX = 1 << 16 };

/* copy_file_range(2) and reading are one loop: the first may not do for these filesystems. */
static int copy_range(int source, int target, off_t at, off_t end) {
    cleanup_free char *buffer = NULL;
    while (at < end) {
        off_t from = at;
        off_t to = at;
        size_t left = (size_t)(end - at);
        ssize_t count = 0;
        if (buffer == NULL) {
            count = copy_file_range(source, &from, target, &to, left, 0);
            if (count < 0 && errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP &&
                errno != ENOSYS && errno != EPERM)
                return -1;
        }
        if (count <= 0) {
            if (buffer == NULL && (buffer = malloc(PIECE)) == NULL)
                return -1;
            count = uninterrupted(pread(source, buffer, left < PIECE ? left : PIECE, at));
            if (count <= 0) /* 0: it has become shorter meanwhile */
                return (int)count;
            if (lseek(target, at, SEEK_SET) < 0 ||
                file_write_all(target, buffer, (size_t)count) < 0)
                return -1;
        }
        at += count;
    }
    return 0;
}

int lxc_file_copy_data(int source, int target, off_t size) {
    if (size == 0 || ioctl(target, FICLONE, source) == 0)
        return 0;
    if (ftruncate(target, size) < 0)
        return -1;
    for (off_t at = 0; at < size;) {
        off_t data = lseek(source, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) /* nothing but a hole is left */
            return 0;
        off_t hole = data < 0 ? -1 : lseek(source, data, SEEK_HOLE);
        if (data < 0 || hole < 0)
            return errno == EINVAL ? copy_range(source, target, at, size) : -1;
        if (copy_range(source, target, data, hole) < 0)
            return -1;
        at = hole;
    }
    return 0;
}

/* A name that the calls for extended attributes take: they know no directories. */
static void path_of(char *path, size_t size, int directory, const char *name) {
    if (directory == AT_FDCWD)
        (void)snprintf(path, size, "%s", name);
    else
        (void)snprintf(path, size, "/proc/self/fd/%d/%s", directory, name);
}

static int copy_attribute(const char *source, const char *target, const char *name) {
    cleanup_free char *value = malloc(ATTRIBUTE_MAX);
    if (value == NULL)
        return -1;
    ssize_t size = lgetxattr(source, name, value, ATTRIBUTE_MAX);
    if (size < 0)
        return errno == ENODATA ? 0 : -1;
    if (lsetxattr(target, name, value, (size_t)size, 0) == 0)
        return 0;
    /* A label that this machine knows nothing of is no loss. */
    return errno == EOPNOTSUPP && strncmp(name, "security.selinux", 16) == 0 ? 0 : -1;
}

static int copy_extended(int source, const char *source_name, int target, const char *target_name) {
    char from[PATH_MAX];
    char to[PATH_MAX];
    path_of(from, sizeof(from), source, source_name);
    path_of(to, sizeof(to), target, target_name);
    ssize_t size = llistxattr(from, NULL, 0);
    if (size <= 0)
        return size == 0 || errno == EOPNOTSUPP ? 0 : -1;
    cleanup_free char *names = malloc((size_t)size);
    if (names == NULL)
        return -1;
    size = llistxattr(from, names, (size_t)size);
    if (size < 0)
        return -1;
    for (const char *name = names; name < names + size; name += strlen(name) + 1) {
        if (copy_attribute(from, to, name) < 0)
            return -1;
    }
    return 0;
}

int lxc_file_copy_attributes(int source, const char *source_name, int target,
                             const char *target_name, const struct stat *status,
                             const char **ret_what) {
    const struct timespec times[2] = {status->st_atim, status->st_mtim};
    /* A new owner takes capabilities and the set-id bits away: they come after it. */
    *ret_what = "give its owner to";
    if (fchownat(target, target_name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    *ret_what = "give its extended attributes to";
    if (copy_extended(source, source_name, target, target_name) < 0)
        return -1;
    *ret_what = "give its mode to";
    if (!S_ISLNK(status->st_mode) && fchmodat(target, target_name, status->st_mode & 07777, 0) < 0)
        return -1;
    *ret_what = "give its times to";
    return utimensat(target, target_name, times, AT_SYMLINK_NOFOLLOW);
}
