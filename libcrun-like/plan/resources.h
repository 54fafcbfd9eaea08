/* SPDX-License-Identifier: Apache-2.0 */
/* Resources: what is written to which file of which hierarchy, and which devices may be used. */
#pragma once

#include "plan/builder.h"

/** Where resources go: @cgroup has its directories, writes and device rules are added to it. */
struct plan_resources_target {
    const struct host_facts *facts;
    struct arena *arena;
    struct plan_cgroup *cgroup;
    const char *where;               /* JSON pointer of the resources object */
    const char *oci_version;         /* of the configuration */
    const struct oci_config *config; /* what the container was made with; NULL: not known */
    bool devices_on_top;             /* the device rules come behind those that it has */
    struct plan_builder *builder;    /* NULL: an update, of which nobody takes warnings */
};

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

/** A write of a number. */
struct plan_cgroup_write *plan_add_number(const struct plan_resources_target *target,
                                          size_t directory, const char *member, const char *file,
                                          uint64_t number);

/** A write of a limit; a negative one is none, and written as @unlimited. */
struct plan_cgroup_write *plan_add_limit(const struct plan_resources_target *target,
                                         size_t directory, const char *member, const char *file,
                                         int64_t limit, const char *unlimited);

/** All of them, and the parts, one file each. */
typedef int plan_resources_part(const struct plan_resources_target *target,
                                const struct oci_resources *resources, struct thole_error *err);
plan_resources_part plan_resources;
plan_resources_part plan_resources_memory;
plan_resources_part plan_resources_cpu;
plan_resources_part plan_resources_block_io;
plan_resources_part plan_resources_unified;
plan_resources_part plan_resources_devices;

/** v2 weight (1-10000) for v1 CPU shares (2-262144): 2 is 1, 1024 is 100, 262144 is 10000. */
uint64_t plan_cpu_weight(uint64_t shares);

/** v2 io.weight (1-10000) for a blkio weight (10-1000). */
uint64_t plan_io_weight(uint64_t weight);
