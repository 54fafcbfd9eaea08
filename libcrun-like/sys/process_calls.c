/* SPDX-License-Identifier: Apache-2.0 */
/* As in mount_calls.c: defined for every C library, so that glibc 2.34 is enough wherever it was
 * built. */
#include "sys/process_calls.h"

/* glibc has reserved names for the parameters. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

int pidfd_open(pid_t pid, unsigned flags) {
    return (int)syscall(SYS_pidfd_open, pid, flags);
}

int pidfd_send_signal(int pidfd, int signal, siginfo_t *info, unsigned flags) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, info, flags);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
