/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the limits of a plan and attaching its device rules. */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"

/** Writes all resources; the device rules are for cgroup_apply_devices(). */
int cgroup_apply_resources(const struct plan_cgroup *cgroup, struct thole_error *err);

/** Resources and device rules, all or nothing: a failure puts the former values back. */
int cgroup_update(const struct plan_cgroup *cgroup, const struct thole_log *log,
                  struct thole_error *err);
