/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about processes and their files that not every C library has: pidfd_open(2) and its like
 * came with glibc 2.36 (here they are in process_calls.c), close_range(2) and statx(2) are missing
 * in musl up to 1.2.3. */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if __has_include(<sys/pidfd.h>)
#include <sys/pidfd.h>
#else
#ifdef __GLIBC__
#define P_PIDFD ((idtype_t)3)
#endif

int pidfd_open(pid_t pid, unsigned flags);
int pidfd_send_signal(int pidfd, int signal, siginfo_t *info, unsigned flags);
#endif

/*
 * The wait status of a process that another one waits for, asked of its pidfd. Linux 6.15 tells it
 * when that has been done: -1 with errno EAGAIN until then, with another errno if it never will.
 */
static inline int pidfd_wait_status(int pidfd) {
    struct {
        uint64_t mask;
        uint32_t others[13];
        int32_t exit_code;
    } info = {.mask = 1 << 3};                                      /* PIDFD_INFO_EXIT */
    if (ioctl(pidfd, _IOWR(0xff, 11, __typeof__(info)), &info) < 0) /* PIDFD_GET_INFO */
        return -1;
    errno = EAGAIN;
    return (info.mask & (1 << 3)) != 0 ? info.exit_code : -1;
}

#ifndef CLOSE_RANGE_UNSHARE
#include <linux/close_range.h>

static inline int close_range(unsigned first, unsigned last, int flags) {
    return (int)syscall(SYS_close_range, first, last, flags);
}
#endif

#ifndef STATX_BASIC_STATS
#include <linux/stat.h>

static inline int statx(int dirfd, const char *path, int flags, unsigned mask,
                        struct statx *ret_status) {
    return (int)syscall(SYS_statx, dirfd, path, flags, mask, ret_status);
}
#endif
