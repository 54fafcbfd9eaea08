/* SPDX-License-Identifier: Apache-2.0 */
/* clone3(2): a child born in its namespaces and its cgroup. */
#pragma once

#include <sys/types.h>

/**
 * Clones the calling process like fork(2) with @flags (CLONE_NEW*, CLONE_PARENT). The child's
 * parent gets SIGCHLD at its end. @cgroup_fd is a cgroup2 directory to be born in, or -1.
 * Returns the pid in the parent, 0 in the child, -1 with errno set and no text, so that callers can
 * fall back. @ret_pidfd (may be NULL) receives a close-on-exec pidfd in the parent.
 */
pid_t sys_clone(unsigned long flags, int cgroup_fd, int *ret_pidfd);

/** sys_clone() of a process that only helps its parent, and does not outlive it. */
pid_t sys_clone_helper(unsigned long flags, int *ret_pidfd);
