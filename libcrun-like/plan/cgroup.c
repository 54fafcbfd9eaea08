/* SPDX-License-Identifier: Apache-2.0 */
/* The container's cgroup: its directories, its owner, and who makes it. */
#include <linux/sched.h>
#include <string.h>

#include "base/text.h"
#include "plan/cgroup.h"
#include "plan/resources.h"

static const char delegate_annotation[] = "run.oci.delegate-cgroup";

const char *plan_cgroup_files_path(const struct plan_builder *builder,
                                   const struct host_hierarchy *hierarchy) {
    const char *wanted = builder->linux_section->cgroups_path;
    if (wanted != NULL && wanted[0] == '/')
        return plan_path_clean(builder->arena, wanted);
    /* A relative path is cleaned by itself first: it never leaves the place it is relative to. */
    const char *name = plan_path_clean(builder->arena, wanted != NULL ? wanted : builder->plan->id);
    if (plan_is_rootful(builder->facts))
        return name;
    /* A subtree can only be delegated around the runtime: beside its own cgroup on v2, where one
     * that holds processes cannot have children with controllers, and below it on v1. */
    const char *base = hierarchy->own_path;
    if (hierarchy->unified)
        base = arena_printf(builder->arena, "%s/..", base);
    base = plan_path_clean(builder->arena, base);
    if (strcmp(name, "/") == 0)
        return base;
    return arena_printf(builder->arena, "%s%s", strcmp(base, "/") == 0 ? "" : base, name);
}

static int plan_directories(struct plan_builder *builder, const char *systemd_path,
                            struct thole_error *err) {
    const struct host_facts *facts = builder->facts;
    struct plan_cgroup *cgroup = &builder->plan->cgroup;
    for (size_t i = 0; i < facts->hierarchy_count; i++) {
        const struct host_hierarchy *hierarchy = &facts->hierarchies[i];
        const char *path =
            systemd_path != NULL ? systemd_path : plan_cgroup_files_path(builder, hierarchy);
        if (strcmp(path, "/") == 0)
            return error_config(err, "/linux/cgroupsPath",
                                "a container cannot have the root of a hierarchy");
        *plan_list_add(builder->arena, cgroup->directories, cgroup->directory_count) =
            (struct plan_cgroup_directory){
                .unified = hierarchy->unified,
                .controllers = hierarchy->controllers,
                .mountpoint = hierarchy->mountpoint,
                .path = path,
            };
    }
    return 0;
}

static bool has_option(const struct oci_mount *mount, const char *option) {
    for (size_t i = 0; i < mount->options.count; i++) {
        if (strcmp(mount->options.items[i], option) == 0)
            return true;
    }
    return false;
}

static bool is_path_below(const char *path) {
    for (const char *at = path; *at != '\0'; at += *at == '/') {
        size_t length = strcspn(at, "/");
        if (length == 0 || (at[0] == '.' && (length == 1 || (length == 2 && at[1] == '.'))))
            return false;
        at += length;
    }
    return path[0] != '\0';
}

/* A child of the container's directory for the payload to manage. Returns 1 if it is asked for. */
static int plan_delegated_child(struct plan_builder *builder, struct thole_error *err) {
    struct plan_cgroup *cgroup = &builder->plan->cgroup;
    const char *child = plan_annotation(builder->config, delegate_annotation);
    if (child == NULL || child[0] == '\0')
        return 0;
    const char *where = plan_where_key(builder->arena, "/annotations", delegate_annotation);
    if (!is_path_below(child))
        return error_config(err, where, "%s is not the name of a cgroup", child);
    if (cgroup->directory_count != 1 || !cgroup->directories[0].unified)
        return error_unsupported(err, where,
                                 "a cgroup can only be delegated on a host with cgroup v2 alone");
    cgroup->delegated = child;
    uint32_t root = UINT32_MAX;
    cgroup->delegate = builder->facts->privileged && plan_map_id(builder, false, 0, &root) &&
                       root != UINT32_MAX && root != builder->facts->euid;
    if (cgroup->delegate)
        cgroup->delegate_uid = root;
    return 1;
}

/* runtime-spec config-linux.md, "Cgroup ownership": all of these have to hold. */
static void plan_ownership(struct plan_builder *builder) {
    const struct oci_config *config = builder->config;
    struct plan_cgroup *cgroup = &builder->plan->cgroup;
    if (!builder->facts->privileged || config->process == NULL || cgroup->directory_count == 0 ||
        (builder->plan->namespaces.created & CLONE_NEWCGROUP) == 0)
        return;
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        if (!cgroup->directories[i].unified)
            return;
    }
    bool writable = false;
    for (size_t i = 0; i < config->mounts.count; i++) {
        const struct oci_mount *mount = &config->mounts.items[i];
        if (text_equal(mount->source, "cgroup") && text_equal(mount->destination, "/sys/fs/cgroup"))
            writable = !has_option(mount, "ro");
    }
    const uint32_t uid = config->process->user != NULL ? config->process->user->uid : 0;
    uint32_t host_uid = UINT32_MAX;
    if (!writable || !plan_map_id(builder, false, uid, &host_uid) || host_uid == UINT32_MAX ||
        host_uid == builder->facts->euid)
        return;
    cgroup->delegate = true;
    cgroup->delegate_uid = host_uid;
}

static bool has_limits(const struct oci_resources *resources) {
    return resources != NULL &&
           (resources->memory != NULL || resources->cpu != NULL || resources->pids != NULL ||
            resources->block_io != NULL || resources->network != NULL ||
            resources->hugepage_limits.count > 0 || resources->rdma.count > 0 ||
            resources->unified.count > 0);
}

int plan_build_cgroup(struct plan_builder *builder, struct thole_error *err) {
    const struct oci_linux *section = builder->linux_section;
    struct plan_cgroup *cgroup = &builder->plan->cgroup;
    cgroup->manager = builder->request->cgroup_manager;
    cgroup->where = section->cgroups_path != NULL ? "/linux/cgroupsPath" : "";
    if (cgroup->manager == PLAN_CGROUP_DISABLED) {
        if (has_limits(section->resources))
            plan_warn(builder, "/linux/resources", "not applied: cgroups are disabled");
        return 0;
    }
    const char *systemd_path = NULL;
    if (cgroup->manager == PLAN_CGROUP_SYSTEMD &&
        plan_cgroup_systemd(builder, cgroup, &systemd_path, err) < 0)
        return -1;
    if (plan_directories(builder, systemd_path, err) < 0)
        return -1;
    int delegated = plan_delegated_child(builder, err);
    if (delegated < 0)
        return -1;
    if (delegated == 0)
        plan_ownership(builder);
    if (section->resources != NULL) {
        struct plan_resources_target target = {
            .facts = builder->facts,
            .arena = builder->arena,
            .cgroup = cgroup,
            .where = "/linux/resources",
            .oci_version = builder->config->oci_version,
            .config = builder->config,
            .builder = builder,
        };
        if (plan_resources(&target, section->resources, err) < 0)
            return -1;
    }
    if (cgroup->manager == PLAN_CGROUP_SYSTEMD)
        plan_systemd_limits(builder->arena, cgroup);
    /* Without limits a container may do without a cgroup of its own; with them it may not. */
    cgroup->best_effort = cgroup->write_count == 0 && (!plan_is_rootful(builder->facts) ||
                                                       builder->request->ignore_cgroup_permissions);
    return 0;
}

int plan_resources_build(const struct oci_resources *resources, const struct plan_updated *updated,
                         const struct host_facts *facts, struct arena *arena,
                         struct plan_cgroup **ret_cgroup, struct thole_error *err) {
    struct plan_cgroup *cgroup = arena_new(arena, struct plan_cgroup);
    *cgroup = *updated->cgroup;
    cgroup->writes = NULL;
    cgroup->write_count = 0;
    cgroup->device_rules = NULL;
    cgroup->device_rule_count = 0;
    struct plan_resources_target target = {
        .facts = facts,
        .arena = arena,
        .cgroup = cgroup,
        .where = "",
        .oci_version = updated->oci_version,
        .config = updated->config,
        .devices_on_top = updated->devices_on_top,
    };
    if (plan_resources(&target, resources, err) < 0)
        return -1;
    cgroup->systemd_properties = NULL;
    cgroup->systemd_property_count = 0;
    if (cgroup->manager == PLAN_CGROUP_SYSTEMD)
        plan_systemd_limits(arena, cgroup);
    *ret_cgroup = cgroup;
    return 0;
}
