/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small files: read, write in one call, replace atomically. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/**
 * Reads all of @name beneath @dirfd (AT_FDCWD allowed), at most @limit bytes; more is EFBIG.
 * Returns a malloc'ed, zero-terminated buffer in @ret_data. @ret_length may be NULL.
 */
int file_read_at(int dirfd, const char *name, size_t limit, char **ret_data, size_t *ret_length,
                 struct thole_error *err);

/** The same for a file that has to be one: no link is followed, no pipe or device waited for. */
int file_read_regular_at(int dirfd, const char *name, size_t limit, char **ret_data,
                         size_t *ret_length, struct thole_error *err);

/** The same for an open file, from its current offset. @name is for the error text only. */
int file_read_fd(int fd, const char *name, size_t limit, char **ret_data, size_t *ret_length,
                 struct thole_error *err);

/**
 * Reads what the kernel has to say in one go: the start of @name beneath @dirfd (no link) as far as
 * @buffer goes, without its last line break. Returns the length, -1 with errno set.
 */
int file_read_kernel(int dirfd, const char *name, char *buffer, size_t size);

/**
 * Opens an existing file beneath @dirfd for writing (no O_CREAT, no O_TRUNC, O_NOFOLLOW) and gives
 * @data to the kernel in one write: what procfs, cgroupfs and sysfs want. Returns 0, or -1 with
 * errno set and no error filled in, so that callers can word it.
 */
int file_write_kernel(int dirfd, const char *name, const void *data, size_t length);

/** The same for an open file. */
int file_write_once(int fd, const void *data, size_t length);

/** Makes or overwrites @name beneath @dirfd: for what nobody reads before it is complete. */
int file_create_at(int dirfd, const char *name, const void *data, size_t length, mode_t mode,
                   struct thole_error *err);

/** Replaces @name beneath @dirfd by rename, so that readers see the old or the new file. */
int file_replace_at(int dirfd, const char *name, const void *data, size_t length, mode_t mode,
                    struct thole_error *err);

/**
 * Writes a file that a caller has named. A regular file, or none, is replaced as above; a device, a
 * FIFO or a link such as /dev/stdout is written to and stays what it is, and so is a file that
 * cannot be replaced where it lies: one in a directory of others, or one that is mounted.
 */
int file_write_named(const char *path, const void *data, size_t length, mode_t mode,
                     struct thole_error *err);

/** Writes all of @data, across partial writes and EINTR; -1 with errno set. */
int file_write_all(int fd, const void *data, size_t length);
