/* SPDX-License-Identifier: Apache-2.0 */
/* Copies a directory tree from one open directory to another. */
#include "apply/copy_up.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { COPY_DEPTH_MAX = 128 };

struct copy {
    const char *where;
    dev_t device;
    struct thole_error *err;
};

static int copy_directory(const struct copy *copy, int from, int to, int depth);

static int fail(const struct copy *copy, const char *name) {
    return error_errno(copy->err, copy->where, "copy %s into the tmpfs", name);
}

static int copy_bytes(int from, int to) {
    char buffer[64 * 1024];
    for (;;) {
        ssize_t got = read(from, buffer, sizeof(buffer));
        if (got <= 0)
            return (int)got;
        if (file_write_all(to, buffer, (size_t)got) < 0)
            return -1;
    }
}

static int copy_file(const struct copy *copy, int from, int to, const char *name, mode_t mode) {
    cleanup_close int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    cleanup_close int target =
        openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 07777);
    if (source < 0 || target < 0 || copy_bytes(source, target) < 0)
        return fail(copy, name);
    return 0;
}

static int copy_link(const struct copy *copy, int from, int to, const char *name) {
    char text[PATH_MAX];
    ssize_t length = readlinkat(from, name, text, sizeof(text) - 1);
    if (length < 0)
        return fail(copy, name);
    text[length] = '\0';
    if (symlinkat(text, to, name) < 0)
        return fail(copy, name);
    return 0;
}

static int copy_subdirectory(const struct copy *copy, int from, int to, const char *name,
                             const struct stat *status, int depth) {
    if (mkdirat(to, name, status->st_mode & 07777) < 0)
        return fail(copy, name);
    if (status->st_dev != copy->device)
        return 0;
    cleanup_close int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    cleanup_close int target = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (source < 0 || target < 0)
        return fail(copy, name);
    return copy_directory(copy, source, target, depth + 1);
}

/* The owner goes first: changing it clears the setuid bits that the mode then restores. */
static int copy_metadata(const struct copy *copy, int to, const char *name,
                         const struct stat *status) {
    if (fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
        errno != EINVAL && errno != EPERM)
        return fail(copy, name);
    if (!S_ISLNK(status->st_mode) && fchmodat(to, name, status->st_mode & 07777, 0) < 0)
        return fail(copy, name);
    const struct timespec times[2] = {status->st_atim, status->st_mtim};
    if (utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return fail(copy, name);
    return 0;
}

static int copy_entry(const struct copy *copy, int from, int to, const char *name, int depth) {
    struct stat status;
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail(copy, name);

    int result = 0;
    if (S_ISDIR(status.st_mode))
        result = copy_subdirectory(copy, from, to, name, &status, depth);
    else if (S_ISREG(status.st_mode))
        result = copy_file(copy, from, to, name, status.st_mode);
    else if (S_ISLNK(status.st_mode))
        result = copy_link(copy, from, to, name);
    else if (mknodat(to, name, status.st_mode, status.st_rdev) < 0)
        result = errno == EPERM ? 1 : fail(copy, name);
    if (result != 0)
        return result < 0 ? -1 : 0;
    return copy_metadata(copy, to, name, &status);
}

static int copy_directory(const struct copy *copy, int from, int to, int depth) {
    if (depth > COPY_DEPTH_MAX) {
        errno = ELOOP;
        return fail(copy, "a deep directory");
    }
    int list_fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *list = list_fd >= 0 ? fdopendir(list_fd) : NULL;
    if (list == NULL) {
        fail(copy, "a directory");
        cleanup_close_fd(&list_fd);
        return -1;
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(list);
        if (entry == NULL)
            return errno != 0 ? fail(copy, "a directory") : 0;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (copy_entry(copy, from, to, entry->d_name, depth) < 0)
            return -1;
    }
}

int apply_copy_up(int from, int to, const char *where, struct thole_error *err) {
    struct stat status;
    if (fstat(from, &status) < 0)
        return error_errno(err, where, "stat a directory");
    if (fchmodat(to, ".", status.st_mode & 07777, 0) < 0 ||
        (fchownat(to, ".", status.st_uid, status.st_gid, 0) < 0 && errno != EPERM &&
         errno != EINVAL))
        return error_errno(err, where, "set the mode of the tmpfs");
    const struct copy copy = {.where = where, .device = status.st_dev, .err = err};
    return copy_directory(&copy, from, to, 0);
}
