/* SPDX-License-Identifier: Apache-2.0 */
/* Namespaces of its own, those of others, and maps of ids. */
#include <linux/sched.h>
#include <string.h>

#include "base/text.h"
#include "virsh/convert/conversion.h"

static const struct {
    const char *name; /* beneath /proc/PID/ns */
    unsigned long flag;
} kinds[] = {
    {"user", CLONE_NEWUSER},     {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},
    {"uts", CLONE_NEWUTS},       {"ipc", CLONE_NEWIPC}, {"net", CLONE_NEWNET},
    {"cgroup", CLONE_NEWCGROUP},
};

static void add(struct virsh_conversion *conversion, unsigned long flag, const char *path) {
    struct oci_namespace *namespace =
        oci_list_add(conversion->arena, &conversion->oci->linux->namespaces);
    namespace->type = (int)flag;
    namespace->path = path != NULL ? arena_strdup(conversion->arena, path) : NULL;
}

/* ---- namespaces of others ---- */

static int find_path(struct virsh_conversion *conversion,
                     const struct domain_shared_namespace *shared, const char *name,
                     const char **ret_path, struct thole_error *err) {
    const struct virsh_convert_request *request = conversion->request;
    const struct domain_value *value = &shared->value;
    int64_t number = 0;
    pid_t pid = 0;
    if (value->text == NULL || shared->type.text == NULL)
        return error_config(err, value->text != NULL ? value->where : shared->type.where,
                            "type and value belong together");
    if (shared->type.number == DOMAIN_SHARE_NETNS) {
        if (strcmp(name, "net") != 0 || strchr(value->text, '/') != NULL || value->text[0] == '.')
            return error_config(err, value->where, "\"%s\" is not the name of a network namespace",
                                value->text);
        *ret_path = arena_printf(conversion->arena, "/run/netns/%s", value->text);
        return 0;
    }
    if (shared->type.number == DOMAIN_SHARE_PID) {
        if (!text_parse_int(value->text, 1, INT32_MAX, &number))
            return error_config(err, value->where, "\"%s\" is not a pid", value->text);
        pid = (pid_t)number;
    } else if (request->find_pid == NULL) {
        return error_config(err, value->where, "domains cannot be looked up here: name a pid");
    } else if (request->find_pid(request->userdata, value->text, &pid, err) < 0) {
        return error_prefix(err, "%s", value->where);
    }
    *ret_path = arena_printf(conversion->arena, "/proc/%d/ns/%s", (int)pid, name);
    return 0;
}

static int share(struct virsh_conversion *conversion, const struct domain_shared_namespace *shared,
                 const char *name, unsigned long flag, struct thole_error *err) {
    const char *path = NULL;
    if (shared->type.text == NULL && shared->value.text == NULL)
        return 0;
    if (find_path(conversion, shared, name, &path, err) < 0)
        return -1;
    conversion->namespaces &= ~flag;
    add(conversion, flag, path);
    virsh_conversion_origin(conversion, shared->value.where, "/linux/namespaces/%zu",
                            conversion->oci->linux->namespaces.count - 1);
    return 0;
}

/* ---- id maps ---- */

static int convert_map(struct virsh_conversion *conversion, const domain_id_maps *maps,
                       oci_id_mappings *list, struct thole_error *err) {
    bool root = false;
    for (size_t i = 0; i < maps->count; i++) {
        const struct domain_id_map *map = &maps->items[i];
        if (map->start.text == NULL || map->target.text == NULL || map->count.text == NULL)
            return error_config(err, map->where, "start, target and count belong together");
        if (map->start.number > UINT32_MAX || map->target.number > UINT32_MAX ||
            map->count.number > UINT32_MAX)
            return error_config(err, map->where, "ids have 32 bits");
        *oci_list_add(conversion->arena, list) = (struct oci_id_mapping){
            (uint32_t)map->start.number, (uint32_t)map->target.number, (uint32_t)map->count.number};
        root = root || map->start.number == 0;
    }
    if (maps->count > 0 && !root)
        return error_config(err, maps->items[0].where, "id 0 of the container has to be mapped");
    return 0;
}

static int convert_maps(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    struct oci_linux *linux_part = conversion->oci->linux;
    if (domain->uid_maps.count + domain->gid_maps.count == 0)
        return 0;
    if (domain->uid_maps.count == 0 || domain->gid_maps.count == 0)
        return error_config(err,
                            domain->uid_maps.count > 0 ? domain->uid_maps.items[0].where
                                                       : domain->gid_maps.items[0].where,
                            "users and groups have to be mapped, both of them");
    if (convert_map(conversion, &domain->uid_maps, &linux_part->uid_mappings, err) < 0 ||
        convert_map(conversion, &domain->gid_maps, &linux_part->gid_mappings, err) < 0)
        return -1;
    virsh_conversion_origin(conversion, domain->uid_maps.items[0].where, "/linux/uidMappings");
    virsh_conversion_origin(conversion, domain->gid_maps.items[0].where, "/linux/gidMappings");
    conversion->namespaces |= CLONE_NEWUSER;
    return 0;
}

static bool needs_network(const struct domain *domain) {
    for (size_t i = 0; i < domain->hostdevs.count; i++) {
        if (domain->hostdevs.items[i].interface.text != NULL)
            return true;
    }
    return domain->interfaces.count > 0 || domain->private_network.number != 0;
}

int virsh_convert_namespaces(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    conversion->namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
    if (conversion->host->cgroup_namespaces)
        conversion->namespaces |= CLONE_NEWCGROUP;
    if (needs_network(domain))
        conversion->namespaces |= CLONE_NEWNET;
    if (convert_maps(conversion, err) < 0 ||
        share(conversion, &domain->share_network, "net", CLONE_NEWNET, err) < 0 ||
        share(conversion, &domain->share_ipc, "ipc", CLONE_NEWIPC, err) < 0 ||
        share(conversion, &domain->share_uts, "uts", CLONE_NEWUTS, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if ((conversion->namespaces & kinds[i].flag) != 0)
            add(conversion, kinds[i].flag, NULL);
    }
    if ((conversion->namespaces & CLONE_NEWUTS) == 0)
        conversion->oci->hostname = NULL;
    return 0;
}
