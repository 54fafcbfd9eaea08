/* SPDX-License-Identifier: Apache-2.0 */
/* clone3(2) as a richer fork(2). */
#include "sys/clone.h"

#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t sys_clone(unsigned long flags, int cgroup_fd, int *ret_pidfd) {
    int pidfd = -1;
    struct clone_args arguments = {
        .flags = flags,
        /* With CLONE_PARENT the kernel takes over the caller's own exit signal. */
        .exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD,
    };
    if (ret_pidfd != NULL) {
        arguments.flags |= CLONE_PIDFD;
        arguments.pidfd = (uint64_t)(uintptr_t)&pidfd;
    }
    if (cgroup_fd >= 0) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)cgroup_fd;
    }
    long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (pid > 0 && ret_pidfd != NULL)
        *ret_pidfd = pidfd;
    return (pid_t)pid;
}

pid_t sys_clone_helper(unsigned long flags, int *ret_pidfd) {
    pid_t parent = getpid();
    pid_t pid = sys_clone(flags, -1, ret_pidfd);
    /* A parent that ended before prctl() sends no signal any more. */
    if (pid == 0 && (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent))
        _exit(EXIT_FAILURE);
    return pid;
}
