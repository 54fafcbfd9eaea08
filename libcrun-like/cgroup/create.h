/* SPDX-License-Identifier: Apache-2.0 */
/* Making the directories of a container's cgroup, or its unit with the systemd manager. */
#pragma once

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
 * cgroup_release() when the container's init is in. @ret_unified is the directory in the unified
 * hierarchy, open; -1 if there is none or init is born in a child of it.
 */
int cgroup_create(const struct plan_cgroup *cgroup, const struct thole_log *log, int *ret_holder,
                  int *ret_unified, struct thole_error *err);

/** Ends what cgroup_create() returned; -1 is allowed. */
void cgroup_release(int holder);
