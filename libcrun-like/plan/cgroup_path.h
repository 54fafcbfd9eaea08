/* SPDX-License-Identifier: Apache-2.0 */
/* Where the container's cgroup is, for systemd's names and for plain paths. */
#ifndef PLAN_CGROUP_PATH_H
#define PLAN_CGROUP_PATH_H

#include "plan/builder.h"

/** Path of the container's directory in @hierarchy for the cgroupfs manager, clean and absolute. */
const char *plan_cgroup_files_path(const struct plan_builder *builder,
                                   const struct host_hierarchy *hierarchy);

/**
 * Fills slice, scope and properties of @cgroup from cgroupsPath ("SLICE:PREFIX:NAME") and returns
 * the path that systemd will give the unit in every hierarchy.
 */
int plan_cgroup_systemd(const struct plan_builder *builder, struct plan_cgroup *cgroup,
                        const char **ret_path, struct thole_error *err);

/** Annotations org.systemd.property.* as unit properties. */
int plan_systemd_annotations(const struct plan_builder *builder, struct plan_cgroup *cgroup,
                             struct thole_error *err);

/**
 * The limits and device rules of @cgroup, which has all its writes, as unit properties: systemd
 * would undo sooner or later what it does not know of.
 */
void plan_systemd_limits(struct arena *arena, struct plan_cgroup *cgroup);

#endif
