/* SPDX-License-Identifier: Apache-2.0 */
/* How a process gets into a container's cgroup. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/**
 * Opens what a new process needs to be born in or to enter the cgroup. @unified is a directory fd
 * for CLONE_INTO_CGROUP, or -1. @tasks are v1 "tasks" files opened for writing: the process writes
 * "0" to each as its first act, which moves only itself and waits for no grace period.
 */
struct cgroup_join {
    int unified;
    int move; /* cgroup.procs of the unified directory; -1 before cgroup_join_allow_move() */
    int *tasks;
    size_t task_count;
};

/** @subgroup is a path beneath the container's directories ("" for themselves, or for the plan's
 * delegated child). What is open in @ret_join->unified already is taken for it. */
int cgroup_join_open(const struct plan_cgroup *cgroup, const char *subgroup,
                     struct cgroup_join *ret_join, struct thole_error *err);
/** The cgroup that process @pid is in now, for containers whose init moved itself. */
int cgroup_join_open_of(const struct plan_cgroup *cgroup, pid_t pid, struct cgroup_join *ret_join,
                        struct thole_error *err);
/** In the new process: enters the v1 hierarchies. Async-signal-safe but for @err. */
int cgroup_join_enter(const struct cgroup_join *join, struct thole_error *err);
/** Prepares cgroup_join_move(): a process in a user namespace may not open the file itself. */
int cgroup_join_allow_move(struct cgroup_join *join, struct thole_error *err);
/**
 * In the new process: enters the unified hierarchy, for those that could not be born there. It
 * waits for a grace period of the kernel, which CLONE_INTO_CGROUP does not.
 */
int cgroup_join_move(const struct cgroup_join *join, struct thole_error *err);
void cgroup_join_done(struct cgroup_join *join);
#define CGROUP_JOIN_INIT \
    { .unified = -1, .move = -1 }
#define cleanup_cgroup_join __attribute__((cleanup(cgroup_join_done)))
