/* SPDX-License-Identifier: Apache-2.0 */
/* Making a plan's device rules effective: v1 devices where mounted, else a program on v2. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"

/**
 * Applies the device rules. A second call replaces what the first one did, without a moment in
 * which a device the container may keep is refused. Left undone without error where the runtime has
 * no privilege over devices at all (unprivileged, or in a user namespace): the container has none
 * either. @unified: the directory in the unified hierarchy where it is open already, or -1.
 */
int cgroup_apply_devices(const struct plan_cgroup *cgroup, int unified, const struct thole_log *log,
                         struct thole_error *err);

/**
 * True if rules where there were none take effect in one step. The v1 controller forbids all first,
 * and then allows one device after the other.
 */
bool cgroup_devices_change_at_once(const struct plan_cgroup *cgroup);
