/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts for a container that runs. They are made among the container's own mounts, where a path of
 * the host means nothing any more: binds bring their source along, but a filesystem whose options
 * or source name files of the host would find the container's instead.
 */
#include "plan/later_mounts.h"

#include <linux/sched.h>
#include <string.h>

#include "base/text.h"
#include "plan/mount.h"
#include "plan/mounts.h"

/* What shows nothing of the host but what the container's namespaces show anyway. */
static const char *const without_files[] = {"tmpfs", "ramfs", "mqueue", "sysfs"};

static int refuse(const char *type, const char *where, struct thole_error *err) {
    error_set(err, THOLE_ERROR_UNSUPPORTED, 0, where, "the type %s is not for a running container",
              type);
    return error_hint(err, "mount it on the host, and bind it");
}

/* One of these stands for several binds, which no longer say so. */
static int check_wanted(const oci_mounts *mounts, struct arena *arena, struct thole_error *err) {
    for (size_t i = 0; i < mounts->count; i++) {
        if (text_equal(mounts->items[i].type, "cgroup"))
            return refuse("cgroup", arena_printf(arena, "/%zu", i), err);
    }
    return 0;
}

static int check_later(struct plan_mount *mount, struct thole_error *err) {
    if (strcmp(mount->target, "/") == 0)
        return error_config(err, mount->where, "the root of a running container stays what it is");
    if (mount->must_be_proc)
        return error_config(err, mount->where, "/proc of a running container stays what it is");
    if (mount->copy_symlink)
        return error_config(err, mount->where,
                            "copy-symlink has no meaning in a running container");
    if (mount->loop)
        return error_config(err, mount->where, "x-loop is not for a running container");
    mount->bind_on_eperm = NULL; /* a path of the host */
    return mount->kind != PLAN_MOUNT_FILESYSTEM ||
                   text_is_one_of(mount->type, without_files, PLAN_COUNT(without_files))
               ? 0
               : refuse(mount->type, mount->where, err);
}

int plan_later_mounts_build(const struct oci_config *config, const oci_mounts *mounts,
                            const struct host_facts *facts, const struct plan_request *request,
                            struct arena *arena, struct plan **ret_plan, struct thole_error *err) {
    struct plan_builder builder = plan_begin(config, facts, request, arena);
    if (check_wanted(mounts, arena, err) < 0 || plan_build_namespaces(&builder, err) < 0 ||
        plan_build_user_mapping(&builder, err) < 0)
        return -1;
    if (!plan_has_namespace(builder.plan, CLONE_NEWNS))
        return error_unsupported(
            err, NULL, "the container has no mounts of its own: these would be the host's");
    plan_build_mount_label(&builder);
    if (plan_mount_list(&builder, mounts, "", err) < 0)
        return -1;
    for (size_t i = 0; i < builder.plan->mount_count; i++) {
        if (check_later(&builder.plan->mounts[i], err) < 0)
            return -1;
    }
    *ret_plan = plan_end(&builder);
    return 0;
}

struct plan *plan_later_unmounts_build(const oci_mounts *mounts, struct arena *arena) {
    struct plan_builder builder = {.arena = arena, .plan = arena_new(arena, struct plan)};
    for (size_t i = 0; i < mounts->count; i++)
        (void)plan_mount_add(&builder, plan_path_clean(arena, mounts->items[i].destination),
                             arena_printf(arena, "/%zu", i));
    return builder.plan;
}
