/* SPDX-License-Identifier: Apache-2.0 */
/* Telling processes apart by more than their pid. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/**
 * When @pid began, in clock ticks since boot (proc_pid_stat(5)). Returns 1, 0 if it is gone or a
 * zombie; -1 if that cannot be told. One whose first thread alone has ended is neither.
 */
int process_start_time(pid_t pid, uint64_t *ret_start_time, struct thole_error *err);

/** 1 if @pid is alive and began at @start_time, 0 if not: another one may have the number now. */
int process_lives(pid_t pid, uint64_t start_time, struct thole_error *err);

/** A pidfd of the process that is @pid and began at @start_time; -1 with kind STATE: it is gone. */
int process_open(pid_t pid, uint64_t start_time, struct thole_error *err);

/** Kills @pidfd and waits until it is gone; one that is gone already is no error. */
int process_end(int pidfd, struct thole_error *err);

/** The pid of the process that @pidfd stands for, in the runtime's namespace; -1 with errno set. */
pid_t process_of_pidfd(int pidfd);

/**
 * The processes of the pid namespace of @init and of those below it, malloc'ed: a look at all of
 * /proc, for containers without a cgroup. What the caller may not look at is not among them.
 */
int process_list_namespace(pid_t init, pid_t **ret_pids, size_t *ret_count,
                           struct thole_error *err);

/** Sends @signal to all of these. @init_pidfd tells whether @init is its number still. */
int process_signal_namespace(pid_t init, int init_pidfd, int signal, struct thole_error *err);

/**
 * Waits for the child @pidfd and reaps it. Returns its status as a shell has it: the exit code, or
 * 128 + signal; -1 with errno set.
 */
int process_wait(int pidfd);

/**
 * How a process ended that others wait for, as process_wait(): Linux 6.15 tells it once they have.
 * -1: it lives, or that is not known, or not yet.
 */
int process_ended(int pidfd);

/** The host's directory that @pid sees as "/" (O_PATH). */
int process_open_root(pid_t pid, struct thole_error *err);
