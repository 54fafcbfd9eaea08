/* SPDX-License-Identifier: Apache-2.0 */
/* Resources: what is written to which file of which hierarchy. */
#ifndef PLAN_RESOURCES_H
#define PLAN_RESOURCES_H

#include "plan/builder.h"

/** Where resources go: @cgroup has its directories, writes and device rules are added to it. */
struct plan_resources_target {
    const struct host_facts *facts;
    struct arena *arena;
    struct plan_cgroup *cgroup;
    const char *where;           /* JSON pointer of the resources object */
    const char *oci_version;     /* of the configuration */
    struct plan_builder *warner; /* takes warnings, NULL: nobody does */
};

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
int plan_device_rules(const struct plan_resources_target *target,
                      const struct oci_resources *resources, struct thole_error *err);

/** v2 weight (1-10000) for v1 CPU shares (2-262144): 2 is 1, 1024 is 100, 262144 is 10000. */
uint64_t plan_cpu_weight(uint64_t shares);

/** v2 io.weight (1-10000) for a blkio weight (10-1000). */
uint64_t plan_io_weight(uint64_t weight);

/** A controller in the container's directories. */
struct plan_controller {
    const char *name;
    size_t directory; /* index into plan_cgroup.directories */
    bool unified;
};

/** Finds the directory of @v1 or, in the unified hierarchy, @v2 (NULL: v1 only); false: none. */
bool plan_find_controller(const struct plan_resources_target *target, const char *v1,
                          const char *v2, struct plan_controller *ret_controller);

/** Like plan_find_controller(); a missing one is an error at @target->where/@member. */
int plan_need_controller(const struct plan_resources_target *target, const char *v1, const char *v2,
                         const char *member, struct plan_controller *ret_controller,
                         struct thole_error *err);

/** Adds a write at @target->where/@member; the result stays valid until the next one is added. */
struct plan_cgroup_write *plan_add_write(const struct plan_resources_target *target,
                                         size_t directory, const char *member, const char *file,
                                         const char *value);

/** @value in decimal, or @unlimited if it is negative. */
const char *plan_limit_text(struct arena *arena, int64_t value, const char *unlimited);

#endif
