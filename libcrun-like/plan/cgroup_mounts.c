/* SPDX-License-Identifier: Apache-2.0 */
/* What a mount of type "cgroup" stands for, on v2, v1 and hybrid hosts. */

#include <linux/mount.h>
#include <linux/sched.h>
#include <string.h>

#include "base/text.h"
#include "plan/mount.h"

/* All hierarchies are mounted below it (or on it, on a pure v2 host). */
static const char host_root[] = "/sys/fs/cgroup";
static const char force_annotation[] = "run.oci.systemd.force_cgroup_v1";

static const char *last_component(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* The container's directory of hierarchy @index, on the host. */
static const char *own_directory(const struct plan_builder *builder, size_t index) {
    const struct host_hierarchy *hierarchy = &builder->facts->hierarchies[index];
    const struct plan_cgroup *cgroup = &builder->plan->cgroup;
    const char *path =
        index < cgroup->directory_count ? cgroup->directories[index].path : hierarchy->own_path;
    if (strcmp(path, "/") == 0)
        return hierarchy->mountpoint;
    if (cgroup->delegated != NULL)
        return arena_printf(builder->arena, "%s%s/%s", hierarchy->mountpoint, path,
                            cgroup->delegated);
    return arena_printf(builder->arena, "%s%s", hierarchy->mountpoint, path);
}

/* A mount on @target with the options of @pattern. */
static struct plan_mount *add_like(struct plan_builder *builder, const struct plan_mount *pattern,
                                   enum plan_mount_kind kind, const char *target) {
    struct plan_mount *mount = plan_mount_add(builder, target, pattern->where);
    mount->kind = kind;
    mount->attributes_set = pattern->attributes_set;
    mount->attributes_clear = pattern->attributes_clear;
    mount->recursive_set = pattern->recursive_set;
    mount->recursive_clear = pattern->recursive_clear;
    mount->propagation = pattern->propagation;
    return mount;
}

static void add_file_system_parameters(struct plan_builder *builder,
                                       const struct host_hierarchy *hierarchy,
                                       struct plan_mount *mount) {
    if (hierarchy->unified)
        return;
    if (text_starts_with(hierarchy->controllers, "name=")) {
        plan_mount_add_parameter(builder->arena, mount, "name", hierarchy->controllers + 5);
        return;
    }
    for (char *rest = arena_strdup(builder->arena, hierarchy->controllers); rest != NULL;)
        plan_mount_add_parameter(builder->arena, mount, strsep(&rest, ","), NULL);
}

/*
 * One hierarchy. A cgroup namespace has its own view of it. Without one the host's mount is bound:
 * of v2 the whole, where the path in /proc/self/cgroup leads, of v1 the container's directory,
 * since programs look for limits at the mount point and for the way there in mountinfo.
 */
static struct plan_mount *add_hierarchy(struct plan_builder *builder,
                                        const struct plan_mount *pattern, size_t index,
                                        const char *target) {
    const struct host_hierarchy *hierarchy = &builder->facts->hierarchies[index];
    if (!plan_has_namespace(builder->plan, CLONE_NEWCGROUP)) {
        struct plan_mount *mount = add_like(builder, pattern, PLAN_MOUNT_BIND, target);
        mount->source = hierarchy->unified ? hierarchy->mountpoint : own_directory(builder, index);
        mount->optional = !hierarchy->unified;
        return mount;
    }
    struct plan_mount *mount = add_like(builder, pattern, PLAN_MOUNT_FILESYSTEM, target);
    mount->type = hierarchy->unified ? "cgroup2" : "cgroup";
    mount->source = "cgroup";
    mount->optional = !hierarchy->unified;
    if (plan_in_user_namespace(builder))
        mount->bind_on_eperm = own_directory(builder, index);
    add_file_system_parameters(builder, hierarchy, mount);
    return mount;
}

/* "cpu" and "cpuacct" lead to "cpu,cpuacct". */
static void add_controller_links(struct plan_builder *builder, const struct plan_mount *pattern,
                                 const struct host_hierarchy *hierarchy, const char *directory) {
    if (hierarchy->unified || strchr(hierarchy->controllers, ',') == NULL)
        return;
    for (char *rest = arena_strdup(builder->arena, hierarchy->controllers); rest != NULL;) {
        const char *controller = strsep(&rest, ",");
        if (strcmp(controller, directory) == 0)
            continue;
        struct plan_mount *link = plan_mount_add(
            builder, arena_printf(builder->arena, "%s/%s", pattern->target, controller),
            pattern->where);
        link->kind = PLAN_MOUNT_SYMLINK;
        link->source = directory;
    }
}

static int add_tmpfs(struct plan_builder *builder, const struct plan_mount *pattern,
                     struct thole_error *err) {
    struct plan_mount *mount = add_like(builder, pattern, PLAN_MOUNT_FILESYSTEM, pattern->target);
    mount->type = "tmpfs";
    mount->source = "tmpfs";
    mount->readonly_last = plan_mount_is_readonly(pattern);
    mount->attributes_set |= mount->readonly_last ? MOUNT_ATTR_RDONLY : 0;
    mount->recursive_set = 0;
    mount->recursive_clear = 0;
    plan_mount_add_parameter(builder->arena, mount, "mode", "0755");
    return plan_mount_label(builder, mount, err);
}

static int add_all_hierarchies(struct plan_builder *builder, const struct plan_mount *pattern,
                               struct thole_error *err) {
    const struct host_facts *facts = builder->facts;
    if (add_tmpfs(builder, pattern, err) < 0)
        return -1;
    for (size_t i = 0; i < facts->hierarchy_count; i++) {
        const char *directory = last_component(facts->hierarchies[i].mountpoint);
        const char *target = arena_printf(builder->arena, "%s/%s", pattern->target, directory);
        add_hierarchy(builder, pattern, i, target);
        add_controller_links(builder, pattern, &facts->hierarchies[i], directory);
    }
    return 0;
}

/* For a systemd in the container that is too old for cgroup v2: the v1 hierarchy that only names
 * things, as on a host of its time. */
static int add_systemd_hierarchy(struct plan_builder *builder, const struct plan_mount *pattern,
                                 struct thole_error *err) {
    const struct host_facts *facts = builder->facts;
    for (size_t i = 0; i < facts->hierarchy_count; i++) {
        if (facts->hierarchies[i].unified ||
            strcmp(facts->hierarchies[i].controllers, "name=systemd") != 0)
            continue;
        if (add_tmpfs(builder, pattern, err) < 0)
            return -1;
        const char *target = arena_printf(builder->arena, "%s/systemd", pattern->target);
        add_hierarchy(builder, pattern, i, target)->optional = false;
        return 0;
    }
    return error_unsupported(err, plan_where_key(builder->arena, "/annotations", force_annotation),
                             "this host has no cgroup v1 hierarchy name=systemd mounted below %s",
                             host_root);
}

/*
 * A runtime without power over the hierarchies, and no namespace to hide them: what there is can
 * only be looked at (CVE-2023-25809).
 */
static void add_host_view(struct plan_builder *builder, const struct plan_mount *pattern) {
    struct plan_mount *mount = add_like(builder, pattern, PLAN_MOUNT_BIND, pattern->target);
    mount->source = host_root;
    mount->recursive = true;
    mount->attributes_set |= MOUNT_ATTR_RDONLY;
    mount->attributes_clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
    mount->recursive_set |= MOUNT_ATTR_RDONLY;
    mount->recursive_clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
}

static void report_parameters(struct plan_builder *builder, const struct plan_mount *pattern) {
    for (size_t i = 0; i < pattern->parameter_count; i++) {
        if (strcmp(pattern->parameters[i].key, "ro") != 0)
            plan_warn(builder, pattern->where, "option %s has no effect on a cgroup mount",
                      pattern->parameters[i].key);
    }
}

int plan_cgroup_mounts(struct plan_builder *builder, const struct plan_mount *pattern,
                       struct thole_error *err) {
    const struct host_facts *facts = builder->facts;
    report_parameters(builder, pattern);
    if (facts->hierarchy_count == 0)
        return error_unsupported(err, pattern->where,
                                 "no cgroup hierarchy is mounted on this host");
    if (text_equal(plan_annotation(builder->config, force_annotation), pattern->target))
        return add_systemd_hierarchy(builder, pattern, err);
    if (!plan_is_rootful(facts) && !plan_has_namespace(builder->plan, CLONE_NEWCGROUP)) {
        add_host_view(builder, pattern);
        return 0;
    }
    if (facts->hierarchy_count == 1 && facts->hierarchies[0].unified) {
        add_hierarchy(builder, pattern, 0, pattern->target);
        return 0;
    }
    return add_all_hierarchies(builder, pattern, err);
}
