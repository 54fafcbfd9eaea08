/* SPDX-License-Identifier: Apache-2.0 */
/* Adding a mount to the plan, and the label it gets. */
#include "plan/mount.h"

#include "base/text.h"

/* File systems whose security labels the policy sets, not a mount option. */
static const char *const unlabelled[] = {"proc", "sysfs", "mqueue", "cgroup", "cgroup2"};

static const char *const context_types[] = {"context", "fscontext", "defcontext", "rootcontext"};

struct plan_mount *plan_mount_add(struct plan_builder *builder, const char *target,
                                  const char *where) {
    struct plan *plan = builder->plan;
    struct plan_mount *mount = plan_list_add(builder->arena, plan->mounts, plan->mount_count);
    mount->type = "";
    mount->target = target;
    mount->where = where;
    return mount;
}

int plan_mount_label(const struct plan_builder *builder, struct plan_mount *mount,
                     struct thole_error *err) {
    const char *name = plan_annotation(builder->config, "run.oci.mount_context_type");
    if (name == NULL)
        name = context_types[0];
    else if (!text_is_one_of(name, context_types, PLAN_COUNT(context_types)))
        return error_config(err, "/annotations/run.oci.mount_context_type",
                            "must be context, fscontext, defcontext or rootcontext, not %s", name);
    if (builder->plan->mount_label == NULL || mount->kind != PLAN_MOUNT_FILESYSTEM ||
        text_is_one_of(mount->type, unlabelled, PLAN_COUNT(unlabelled)))
        return 0;
    for (size_t i = 0; i < PLAN_COUNT(context_types); i++) {
        if (plan_mount_parameter(mount, context_types[i]) != NULL)
            return 0;
    }
    plan_mount_add_parameter(builder->arena, mount, name, builder->plan->mount_label);
    return 0;
}
