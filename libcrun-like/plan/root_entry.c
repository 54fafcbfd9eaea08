/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the container's mount namespace can do without the host's mounts from the start, where
 * that is the same to the container as a copy of them that is left by pivot_root(2) at the end.
 */
#include <linux/sched.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "plan/builder.h"

/* Filesystems that look up no path of the host when they are mounted. */
static const char *const without_paths[] = {"proc",   "sysfs",  "tmpfs",  "devpts",
                                            "mqueue", "cgroup", "cgroup2"};

/* A source in the root, or a tree with the root in it, is seen with what has been mounted before.
 * Symbolic links on the way are for apply/bind_sources.c. */
static bool overlaps_root(const struct plan_builder *builder, const struct plan_mount *mount) {
    const char *source = plan_path_clean(builder->arena, mount->source);
    const char *root = plan_path_clean(builder->arena, builder->plan->rootfs.source);
    return path_is_beneath(source, root) || (mount->recursive && path_is_beneath(root, source));
}

static bool allows(const struct plan_builder *builder, const struct plan_mount *mount) {
    if (strcmp(mount->target, "/") == 0)
        return false;
    switch (mount->kind) {
    case PLAN_MOUNT_FILESYSTEM:
        return text_is_one_of(mount->type, without_paths, PLAN_COUNT(without_paths));
    case PLAN_MOUNT_BIND:
        return !mount->copy_symlink && !mount->optional && !overlaps_root(builder, mount);
    default:
        return true;
    }
}

int plan_build_root_entry(struct plan_builder *builder, struct thole_error *err) {
    (void)err;
    struct plan *plan = builder->plan;
    if (plan->rootfs.source == NULL || !builder->facts->privileged ||
        (plan->namespaces.created & CLONE_NEWNS) == 0 || plan_in_user_namespace(builder) ||
        plan->rootfs.chroot_only || plan->rootfs.no_pivot ||
        /* Such hooks are run in a mount namespace where the host's paths are still to be seen. */
        plan_has_hooks(plan, PLAN_HOOK_PRESTART, PLAN_HOOK_CREATE_CONTAINER))
        return 0;
    for (size_t i = 0; i < plan->mount_count; i++) {
        if (!allows(builder, &plan->mounts[i]))
            return 0;
    }
    plan->rootfs.entry = PLAN_ROOT_EMPTIED;
    return 0;
}
