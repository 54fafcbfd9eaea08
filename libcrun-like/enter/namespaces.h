/* SPDX-License-Identifier: Apache-2.0 */
/* Which namespaces of a container's init a process has to join. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/**
 * CLONE_NEW* of all in which @pid is elsewhere than the caller. Only what differs is joined:
 * entering the own user namespace again is refused by the kernel, and an unprivileged caller may
 * not enter the host's.
 */
unsigned long enter_namespaces(pid_t pid);

/** True if both paths lead to one file. */
bool enter_is_same_file(const char *a, const char *b);
