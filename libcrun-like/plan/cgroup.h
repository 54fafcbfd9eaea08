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

/** The container that is updated. */
struct plan_updated {
    const struct plan_cgroup *cgroup; /* a plan rebuilt from its record */
    const char *oci_version;
    const struct oci_config *config; /* what it was made with; NULL: there are no device rules */
    bool devices_on_top; /* the device rules come behind those that it has, not in their place */
};

/**
 * Plans only cgroup writes and device rules for `update`. The result has the directories of the
 * container's cgroup.
 */
int plan_resources_build(const struct oci_resources *resources, const struct plan_updated *updated,
                         const struct host_facts *facts, struct arena *arena,
                         struct plan_cgroup **ret_cgroup, struct thole_error *err);
