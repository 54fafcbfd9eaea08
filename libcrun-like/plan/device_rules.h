/* SPDX-License-Identifier: Apache-2.0 */
/* Which devices the container may use: linux.resources.devices as rules in order. */
#ifndef PLAN_DEVICE_RULES_H
#define PLAN_DEVICE_RULES_H

#include "plan/controllers.h"

/** Adds the rules to @target's cgroup. */
int plan_device_rules(const struct plan_resources_target *target,
                      const struct oci_resources *resources, struct thole_error *err);

#endif
