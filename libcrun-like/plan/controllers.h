/* SPDX-License-Identifier: Apache-2.0 */
/* Controllers in the directories of a container, and what is written to their files. */
#ifndef PLAN_CONTROLLERS_H
#define PLAN_CONTROLLERS_H

#include "plan/builder.h"

/** Where resources go: @cgroup has its directories, writes and device rules are added to it. */
struct plan_resources_target {
    const struct host_facts *facts;
    struct arena *arena;
    struct plan_cgroup *cgroup;
    const char *where;            /* JSON pointer of the resources object */
    const char *oci_version;      /* of the configuration */
    struct plan_builder *builder; /* NULL: an update, of which nobody takes warnings */
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

#endif
