/* SPDX-License-Identifier: Apache-2.0 */
/* Resources: what is written to which file of which hierarchy. */
#ifndef PLAN_RESOURCES_H
#define PLAN_RESOURCES_H

#include "plan/controllers.h"

/** All of them, and the parts, one file each. */
typedef int plan_resources_part(const struct plan_resources_target *target,
                                const struct oci_resources *resources, struct thole_error *err);
plan_resources_part plan_resources;
plan_resources_part plan_resources_memory;
plan_resources_part plan_resources_cpu;
plan_resources_part plan_resources_block_io;
plan_resources_part plan_resources_unified;

/** v2 weight (1-10000) for v1 CPU shares (2-262144): 2 is 1, 1024 is 100, 262144 is 10000. */
uint64_t plan_cpu_weight(uint64_t shares);

/** v2 io.weight (1-10000) for a blkio weight (10-1000). */
uint64_t plan_io_weight(uint64_t weight);

#endif
