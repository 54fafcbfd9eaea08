/* SPDX-License-Identifier: Apache-2.0 */
/* Where the container's cgroup is, for systemd's names and for plain paths. */
#pragma once

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

/**
 * Plans only cgroup writes and device rules for `update`, for the directories in @current (a plan
 * rebuilt from the saved configuration, which has @oci_version). The result has the directories of
 * @current.
 */
int plan_resources_build(const struct oci_resources *resources, const char *oci_version,
                         const struct host_facts *facts, const struct plan_cgroup *current,
                         struct arena *arena, struct plan_cgroup **ret_cgroup,
                         struct thole_error *err);
