/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small files: read, write in one call, replace atomically. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

int file_read_fd(int fd, const char *name, size_t limit, char **ret_data, size_t *ret_length,
                 struct thole_error *err) {
    size_t capacity = 4096;
    cleanup_free char *data = malloc(capacity);
    size_t length = 0;
    while (data != NULL) {
        ssize_t got = read(fd, data + length, capacity - length - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, NULL, "read %s", name);
        if (got == 0)
            break;
        length += (size_t)got;
        if (length > limit) {
            errno = EFBIG;
            return error_errno(err, NULL, "read %s (more than %zu bytes)", name, limit);
        }
        if (capacity - length < 2) {
            capacity *= 2;
            char *larger = realloc(data, capacity);
            if (larger == NULL)
                return error_errno(err, NULL, "read %s", name);
            data = larger;
        }
    }
    if (data == NULL)
        return error_errno(err, NULL, "read %s", name);
    data[length] = '\0';
    if (ret_length != NULL)
        *ret_length = length;
    *ret_data = take_ptr(data);
    return 0;
}

int file_read_at(int dirfd, const char *name, size_t limit, char **ret_data, size_t *ret_length,
                 struct thole_error *err) {
    cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, NULL, "open %s", name);
    return file_read_fd(fd, name, limit, ret_data, ret_length, err);
}

int file_read_regular_at(int dirfd, const char *name, size_t limit, char **ret_data,
                         size_t *ret_length, struct thole_error *err) {
    struct stat status;
    cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, NULL, "open %s", name);
    if (fstat(fd, &status) < 0)
        return error_errno(err, NULL, "stat %s", name);
    if (!S_ISREG(status.st_mode))
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s is not a regular file", name);
    return file_read_fd(fd, name, limit, ret_data, ret_length, err);
}

int file_read_kernel(int dirfd, const char *name, char *buffer, size_t size) {
    cleanup_close int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    ssize_t length = uninterrupted(read(fd, buffer, size - 1));
    if (length < 0)
        return -1;
    if (length > 0 && buffer[length - 1] == '\n')
        length--;
    buffer[length] = '\0';
    return (int)length;
}

int file_write_once(int fd, const void *data, size_t length) {
    ssize_t written = uninterrupted(write(fd, data, length));
    if (written < 0)
        return -1;
    if ((size_t)written != length) {
        errno = EIO;
        return -1;
    }
    return 0;
}

int file_write_kernel(int dirfd, const char *name, const void *data, size_t length) {
    cleanup_close int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -1 : file_write_once(fd, data, length);
}

int file_write_all(int fd, const void *data, size_t length) {
    const char *at = data;
    while (length > 0) {
        ssize_t written = write(fd, at, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        at += written;
        length -= (size_t)written;
    }
    return 0;
}

int file_create_at(int dirfd, const char *name, const void *data, size_t length, mode_t mode,
                   struct thole_error *err) {
    cleanup_close int fd =
        openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return error_errno(err, NULL, "create %s", name);
    if (file_write_all(fd, data, length) < 0)
        return error_errno(err, NULL, "write %s", name);
    return 0;
}

int file_replace_at(int dirfd, const char *name, const void *data, size_t length, mode_t mode,
                    struct thole_error *err) {
    char temporary[4096];
    const char *slash = strrchr(name, '/');
    int prefix = slash != NULL ? (int)(slash - name + 1) : 0;
    int used = snprintf(temporary, sizeof(temporary), "%.*s.%s.%d", prefix, name, name + prefix,
                        (int)getpid());
    if (used < 0 || (size_t)used >= sizeof(temporary)) {
        errno = ENAMETOOLONG;
        return error_errno(err, NULL, "write %s", name);
    }

    cleanup_close int fd =
        openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0 && errno == EEXIST && unlinkat(dirfd, temporary, 0) == 0)
        fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return error_errno(err, NULL, "create %s", name);
    if (file_write_all(fd, data, length) < 0 || renameat(dirfd, temporary, dirfd, name) < 0) {
        error_errno(err, NULL, "write %s", name);
        (void)unlinkat(dirfd, temporary, 0);
        return -1;
    }
    return 0;
}

/* A FIFO that nobody reads is an error: waiting for a reader could last for ever. */
static int write_in_place(const char *path, const void *data, size_t length,
                          struct thole_error *err) {
    cleanup_close int fd = open(path, O_WRONLY | O_TRUNC | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0)
        return error_errno(err, NULL, "open %s", path);
    if (file_write_all(fd, data, length) < 0)
        return error_errno(err, NULL, "write %s", path);
    return 0;
}

int file_write_named(const char *path, const void *data, size_t length, mode_t mode,
                     struct thole_error *err) {
    struct stat status;
    bool is_there = lstat(path, &status) == 0;
    if (is_there && !S_ISREG(status.st_mode))
        return write_in_place(path, data, length, err);
    if (file_replace_at(AT_FDCWD, path, data, length, mode, err) == 0)
        return 0;
    return is_there ? write_in_place(path, data, length, err) : -1;
}
