/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the limits of a plan and attaching its device rules. */
#ifndef CGROUP_RESOURCES_H
#define CGROUP_RESOURCES_H

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"

/**
 * Writes all resources and attaches the device rules. With @restore, a failing write puts the
 * former values back (update is all or nothing).
 */
int cgroup_apply_resources(const struct plan_cgroup *cgroup, bool restore,
                           const struct thole_log *log, struct thole_error *err);

#endif
