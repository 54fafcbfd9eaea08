/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a container's cgroup. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/**
 * Stops the container's unit if it has one, and removes the directories with all below; what is
 * already gone is no error. Retries for a while.
 */
int cgroup_remove(const struct plan_cgroup *cgroup, struct thole_error *err);
