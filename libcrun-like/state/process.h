/* SPDX-License-Identifier: Apache-2.0 */
/* Telling processes apart by more than their pid. */
#ifndef STATE_PROCESS_H
#define STATE_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#include "base/error.h"

/** Start time of @pid in clock ticks since boot (proc_pid_stat(5)); 0: it is gone or a zombie. */
uint64_t process_start_time(pid_t pid);

/** The pid of the process that @pidfd stands for, in the runtime's namespace; -1 with errno set. */
pid_t process_of_pidfd(int pidfd);

/**
 * The processes of the pid namespace of @init and of those below it, malloc'ed: a look at all of
 * /proc, for containers without a cgroup. What the caller may not look at is not among them.
 */
int process_list_namespace(pid_t init, pid_t **ret_pids, size_t *ret_count,
                           struct thole_error *err);

/**
 * Waits for the child @pidfd and reaps it. Returns its status as a shell has it: the exit code, or
 * 128 + signal; -1 with errno set.
 */
int process_wait(int pidfd);

/** The host's directory that @pid sees as "/" (O_PATH). */
int process_open_root(pid_t pid, struct thole_error *err);

#endif
