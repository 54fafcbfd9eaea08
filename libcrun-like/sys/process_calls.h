/* SPDX-License-Identifier: Apache-2.0 */
/* Calls about processes and their files that not every C library has: pidfd_open(2) and its
 * like came with glibc 2.36, close_range(2) and statx(2) are missing in musl up to 1.2.3. */
#ifndef SYS_PROCESS_CALLS_H
#define SYS_PROCESS_CALLS_H

#include <signal.h>
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

static inline int pidfd_open(pid_t pid, unsigned flags) {
    return (int)syscall(SYS_pidfd_open, pid, flags);
}

static inline int pidfd_send_signal(int pidfd, int signal, siginfo_t *info, unsigned flags) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, info, flags);
}
#endif

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

#endif
