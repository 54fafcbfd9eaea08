/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling, I/O priority, CPU affinity and memory policy of the calling thread. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/** sched_setattr(2); durations in nanoseconds. All return -1 with errno set. */
int sys_set_scheduler(pid_t pid, uint32_t policy, uint64_t flags, int32_t nice, uint32_t priority,
                      uint64_t runtime, uint64_t deadline, uint64_t period);

/** ioprio_set(2) for the calling process; @priority is class << 13 | level. */
int sys_set_io_priority(pid_t pid, int priority);

/** Sets the affinity of @pid to a list such as "0-3,7"; EINVAL for a malformed one. */
int sys_set_cpu_list(pid_t pid, const char *list);

/** All CPUs that the cgroup permits: undoes an affinity inherited from the caller. */
int sys_reset_cpus(pid_t pid);

/** set_mempolicy(2); @nodes is a list such as "0-1", "" for an empty set. */
int sys_set_memory_policy(int mode, const char *nodes);
