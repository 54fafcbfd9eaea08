/* SPDX-License-Identifier: Apache-2.0 */
/* Cleanup attributes: every resource has one owner and is released on every path. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_pointer(void *pointer) {
    free(*(void **)pointer);
}

/** Closes @fd, if it is open, and leaves -1 behind. errno stays: it may be the error being
 * reported.
 */
static inline void cleanup_close_fd(int *fd) {
    if (*fd >= 0) {
        int saved = errno;
        (void)close(*fd);
        errno = saved;
        *fd = -1;
    }
}

static inline void cleanup_close_file(FILE **file) {
    if (*file != NULL)
        (void)fclose(*file);
}

static inline void cleanup_close_directory(DIR **directory) {
    if (*directory != NULL)
        (void)closedir(*directory);
}

#define cleanup_free __attribute__((cleanup(cleanup_free_pointer)))
#define cleanup_close __attribute__((cleanup(cleanup_close_fd)))
#define cleanup_fclose __attribute__((cleanup(cleanup_close_file)))
#define cleanup_closedir __attribute__((cleanup(cleanup_close_directory)))

/** The result of @call, a system call that is made again when a signal has interrupted it. */
#define uninterrupted(call)                      \
    ({                                           \
        __typeof__(call) result_;                \
        do {                                     \
            result_ = (call);                    \
        } while (result_ < 0 && errno == EINTR); \
        result_;                                 \
    })

/** Hands a file descriptor over: returns it and leaves -1 behind. */
static inline int take_fd(int *fd) {
    int taken = *fd;
    *fd = -1;
    return taken;
}

/** Hands a pointer over: returns it and leaves NULL behind. */
#define take_ptr(pointer)                       \
    ({                                          \
        __typeof__(pointer) taken_ = (pointer); \
        (pointer) = NULL;                       \
        taken_;                                 \
    })
