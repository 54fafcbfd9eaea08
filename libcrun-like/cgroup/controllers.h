/* SPDX-License-Identifier: Apache-2.0 */
/* Which controllers a v2 directory has, and how it gets them from the directories above. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "plan/plan.h"

/**
 * The controller that a v2 interface file belongs to: "hugetlb.2MB.max" -> the first 7 bytes.
 * 0 for files of the core ("cgroup.freeze").
 */
size_t cgroup_file_controller(const char *file);

/** True if threads of one process may be in different cgroups of @controller (cgroups(7)). */
bool cgroup_controller_is_threaded(const char *controller, size_t length);

/**
 * Enables the controllers @wanted (a list) in cgroup.subtree_control of every directory above
 * @directory, whose open fd is @leaf_fd. What is on already is left alone, what the hierarchy does
 * not have is passed over. Goes on after a failure; returns -1 with the first one.
 */
int cgroup_enable_controllers(const struct plan_cgroup_directory *directory, int leaf_fd,
                              const char *wanted, struct thole_error *err);

/**
 * Appends to @wanted, comma-separated, the controllers the plan's directory number @index should
 * have: all there are on a pure v2 host (for statistics and later updates), and on a hybrid one
 * only those of the plan's writes, where the rest is somebody else's.
 */
void cgroup_wanted_controllers(const struct plan_cgroup *cgroup, size_t index, struct text *wanted);
