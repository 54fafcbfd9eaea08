/* SPDX-License-Identifier: Apache-2.0 */
/* Resources: what is written to which file of which hierarchy. */
#ifndef PLAN_RESOURCES_H
#define PLAN_RESOURCES_H

#include "plan/controllers.h"

int plan_resources(const struct plan_resources_target *target,
                   const struct oci_resources *resources, struct thole_error *err);

/* The parts, one file each. */
int plan_resources_memory(const struct plan_resources_target *target,
                          const struct oci_memory *memory, struct thole_error *err);
int plan_resources_cpu(const struct plan_resources_target *target, const struct oci_cpu *cpu,
                       struct thole_error *err);
int plan_resources_block_io(const struct plan_resources_target *target,
                            const struct oci_block_io *block_io, struct thole_error *err);
int plan_resources_unified(const struct plan_resources_target *target,
                           const struct oci_pairs *unified, struct thole_error *err);

/** v2 weight (1-10000) for v1 CPU shares (2-262144): 2 is 1, 1024 is 100, 262144 is 10000. */
uint64_t plan_cpu_weight(uint64_t shares);

/** v2 io.weight (1-10000) for a blkio weight (10-1000). */
uint64_t plan_io_weight(uint64_t weight);

#endif
