/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for the mounts of a container that runs. */
#pragma once

#include "plan/build.h"

/**
 * A plan that holds nothing but @mounts, for a container that @config has made and that runs.
 */
int plan_later_mounts_build(const struct oci_config *config, const oci_mounts *mounts,
                            const struct host_facts *facts, const struct plan_request *request,
                            struct arena *arena, struct plan **ret_plan, struct thole_error *err);

/** A plan that holds nothing but the targets of @mounts: for unmounting them. */
struct plan *plan_later_unmounts_build(const oci_mounts *mounts, struct arena *arena);
