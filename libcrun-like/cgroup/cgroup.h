/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroup backend: creates, joins, limits, freezes, kills, reads and removes the directories a plan
 * names, on v1, v2 and hybrid hosts. What to write is decided by the plan; nothing is decided here.
 */
#ifndef CGROUP_CGROUP_H
#define CGROUP_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"

/**
 * Makes the directories of @cgroup, enables v2 controllers along the path, fills v1 cpusets from
 * their parents, gives the directory to the container's root where the plan says so. With the
 * systemd manager the container's unit is started first.
 * A directory that holds processes or is frozen is refused. On failure all that was made is
 * removed.
 * @ret_holder is -1, or a process (its pidfd) that keeps the unit alive: to be ended with
 * cgroup_release() when the container's init is in.
 */
int cgroup_create(const struct plan_cgroup *cgroup, const struct thole_log *log, int *ret_holder,
                  struct thole_error *err);

/** Ends what cgroup_create() returned; -1 is allowed. */
void cgroup_release(int holder);

/**
 * Writes all resources and attaches the device rules. With @restore, a failing write puts the
 * former values back (update is all or nothing).
 */
int cgroup_apply_resources(const struct plan_cgroup *cgroup, bool restore,
                           const struct thole_log *log, struct thole_error *err);

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
 * delegated child). */
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

/** Writes @pid to cgroup.procs of the unified directory: where CLONE_INTO_CGROUP is refused. */
int cgroup_move(const struct plan_cgroup *cgroup, pid_t pid, struct thole_error *err);

/** Freezes (waits until frozen) or thaws; v1 freezer or cgroup.freeze. */
int cgroup_freeze(const struct plan_cgroup *cgroup, bool freeze, struct thole_error *err);
/** 1 if frozen, 0 if not or there is no freezer. */
int cgroup_is_frozen(const struct plan_cgroup *cgroup);

/** Sends @signal to every process in the cgroup and below; SIGKILL also thaws. */
int cgroup_kill(const struct plan_cgroup *cgroup, int signal, struct thole_error *err);

/** All pids in the cgroup and below, in the reader's pid namespace; malloc'ed. */
int cgroup_pids(const struct plan_cgroup *cgroup, pid_t **ret_pids, size_t *ret_count,
                struct thole_error *err);

/**
 * Stops the container's unit if it has one, and removes the directories with all below; what is
 * already gone is no error. Retries for a while.
 */
int cgroup_remove(const struct plan_cgroup *cgroup, struct thole_error *err);

#endif
