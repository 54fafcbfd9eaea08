/* SPDX-License-Identifier: Apache-2.0 */
/* What systemd is told of the container besides its name: properties of the unit. */
#ifndef PLAN_SYSTEMD_H
#define PLAN_SYSTEMD_H

#include "plan/builder.h"

/** Annotations org.systemd.property.* as unit properties. */
int plan_systemd_annotations(const struct plan_builder *builder, struct plan_cgroup *cgroup,
                             struct thole_error *err);

/**
 * The limits and device rules of @cgroup, which has all its writes, as unit properties: systemd
 * would undo sooner or later what it does not know of.
 */
void plan_systemd_limits(struct arena *arena, struct plan_cgroup *cgroup);

#endif
