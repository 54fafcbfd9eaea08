/* SPDX-License-Identifier: Apache-2.0 */
/* Whose the standard streams are. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "plan/plan.h"

/**
 * Makes @uid the owner of those of fds 0-2 that may be given away, so that the container's user can
 * open /dev/stdout and its like. For the process itself, while it is still root: pipes, sockets,
 * and files that it was to write to and that are the caller's alone. Terminals, devices and what
 * others use as well stay as they are. Nothing fails: without it, what is open can still be used.
 */
void apply_stdio_give(uid_t uid);

/**
 * The same for a process @pid in a user namespace, from outside, where the owners of the streams
 * have ids. @stdio and @replace are those of the process; @console is the pty master, -1: none.
 */
void apply_stdio_give_to(const struct plan_process *process, int proc_fd, pid_t pid,
                         const int stdio[3], const bool replace[3], int console);
