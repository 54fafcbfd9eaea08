/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system, and the paths that are masked or read-only in it. */
#include <linux/sched.h>
#include <string.h>

#include "plan/builder.h"

/*
 * What changes mounts would change those of others, the host or whoever made the namespace that is
 * joined: such a container gets a chroot.
 */
static int plan_without_mount_namespace(struct plan_builder *builder, struct thole_error *err) {
    static const char reason[] =
        "would change mounts of others: linux.namespaces has no new mount namespace";
    const struct oci_linux *section = builder->linux_section;
    const struct {
        bool asked;
        const char *where;
    } changes[] = {
        {builder->config->root->readonly, "/root/readonly"},
        {builder->config->mounts.count > 0, "/mounts"},
        {section->masked_paths.count > 0, "/linux/maskedPaths"},
        {section->readonly_paths.count > 0, "/linux/readonlyPaths"},
        {section->rootfs_propagation != 0, "/linux/rootfsPropagation"},
    };
    for (size_t i = 0; i < PLAN_COUNT(changes); i++) {
        if (changes[i].asked && error_config(err, changes[i].where, reason) < 0 &&
            plan_ends(builder, err))
            return -1;
    }
    builder->plan->rootfs.chroot_only = true;
    return 0;
}

int plan_build_rootfs(struct plan_builder *builder, struct thole_error *err) {
    const struct oci_root *root = builder->config->root;
    struct plan_rootfs *rootfs = &builder->plan->rootfs;
    if (root == NULL || root->path == NULL || root->path[0] == '\0')
        return error_config(err, "/root", "is required on Linux");
    rootfs->where = "/root/path";
    rootfs->source = plan_path_join(builder->arena, builder->request->bundle, root->path);
    rootfs->readonly = root->readonly;
    rootfs->no_pivot = builder->request->no_pivot;
    rootfs->propagation = (unsigned long)builder->linux_section->rootfs_propagation;
    if ((builder->plan->namespaces.created & CLONE_NEWNS) == 0)
        return plan_without_mount_namespace(builder, err);
    if (rootfs->no_pivot && plan_in_user_namespace(builder))
        return error_config(err, rootfs->where,
                            "--no-pivot is not possible in a user namespace: the host's mounts "
                            "cannot be unmounted there");
    return 0;
}

static void list_paths(struct arena *arena, const struct oci_strings *paths, const char *where,
                       struct plan_path **ret_paths, size_t *ret_count) {
    for (size_t i = 0; i < paths->count; i++) {
        struct plan_path *path = plan_list_add(arena, *ret_paths, *ret_count);
        path->path = plan_path_clean(arena, paths->items[i]);
        path->where = arena_printf(arena, "%s/%zu", where, i);
    }
}

int plan_build_paths(struct plan_builder *builder, struct thole_error *err) {
    struct plan *plan = builder->plan;
    const struct oci_linux *section = builder->linux_section;
    list_paths(builder->arena, &section->masked_paths, "/linux/maskedPaths", &plan->masked,
               &plan->masked_count);
    list_paths(builder->arena, &section->readonly_paths, "/linux/readonlyPaths", &plan->readonly,
               &plan->readonly_count);
    for (size_t i = 0; i < plan->masked_count; i++) {
        if (strcmp(plan->masked[i].path, "/") == 0)
            return error_config(err, plan->masked[i].where, "the root itself cannot be masked");
    }
    return 0;
}
