/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a cgroup directory and of all directories below it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/** A growing list of pids; zero-initialise to use. */
struct cgroup_members {
    pid_t *pids;
    size_t count;
    size_t capacity;
};

void cgroup_members_done(struct cgroup_members *members);
#define cleanup_cgroup_members __attribute__((cleanup(cgroup_members_done)))

/**
 * Appends the pids of the directory @dirfd and below, sorted and each once. Processes that the
 * reader's pid namespace does not show are left out.
 */
int cgroup_members_read(int dirfd, struct cgroup_members *members, struct thole_error *err);

/** True if @pid is in a list that cgroup_members_read() made. */
bool cgroup_members_has(const struct cgroup_members *members, pid_t pid);

/** 1 if the directory or one below it holds a process, 0 if not. */
int cgroup_has_members(int dirfd, struct thole_error *err);

/**
 * Opens the directory that tells the container's processes: the unified one if it holds any, else
 * the first v1 directory that is there. Returns 1, or 0 if there is none at all.
 */
int cgroup_open_members(const struct plan_cgroup *cgroup, int *ret_fd, struct thole_error *err);

/** All pids in the cgroup and below, in the reader's pid namespace; malloc'ed. */
int cgroup_pids(const struct plan_cgroup *cgroup, pid_t **ret_pids, size_t *ret_count,
                struct thole_error *err);
