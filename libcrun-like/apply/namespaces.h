/* SPDX-License-Identifier: Apache-2.0 */
/* Joining namespaces by path, and making a time namespace. */
#pragma once

#include <linux/sched.h>

#include "base/error.h"
#include "plan/plan.h"

/* What the process in between joins where there is one: the rest depends on mounts and cgroup. */
#define APPLY_STAGE_NAMESPACES                                                                   \
    ((unsigned long)(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
                     CLONE_NEWTIME))

/**
 * Joins those namespaces of the plan whose CLONE_NEW* flag is in @kinds with setns(2). All paths
 * are opened before the first is entered. What the privileges of the calling process do not reach
 * is tried again in the user namespace, if one is joined. A pid namespace takes effect for
 * children.
 */
int apply_join_namespaces(const struct plan_namespaces *namespaces, unsigned long kinds,
                          struct thole_error *err);

/** Moves the process to a new time namespace with the plan's offsets, if the plan has one. */
int apply_time_namespace(const struct plan_namespaces *namespaces, int proc_fd,
                         struct thole_error *err);
