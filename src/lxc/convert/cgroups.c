/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.cgroup.*, lxc.cgroup2.* and lxc.cgroup.dir: the container's cgroup and its limits. */
#include "lxc/convert/cgroups.h"

#include <string.h>

#include "base/text.h"

static const char of_v1[] = "lxc.cgroup.";
static const char of_v2[] = "lxc.cgroup2.";

/* Names of keys that are no files. */
static bool is_setting(const struct lxc_item *item) {
    return !text_starts_with(item->name, "lxc.cgroup.dir") &&
           strcmp(item->name, "lxc.cgroup.relative") != 0;
}

static const char *file_of(const struct lxc_item *item) {
    return item->name + (text_starts_with(item->name, of_v2) ? strlen(of_v2) : strlen(of_v1));
}

/* "memory" of "memory.max"; blkio of v1 is called io in v2. */
static const char *controller_of(struct arena *arena, const char *file, bool v1) {
    const char *name = arena_strndup(arena, file, strcspn(file, "."));
    if (v1 && strcmp(name, "io") == 0)
        return "blkio";
    return !v1 && strcmp(name, "blkio") == 0 ? "io" : name;
}

/* True if some key of the version @prefix is about @controller. */
static bool has_settings(const struct lxc_conversion *conversion, const char *prefix,
                         const char *controller) {
    const size_t length = strlen(controller);
    const struct lxc_item *item = NULL;
    while ((item = lxc_configuration_next(conversion->lxc, prefix, item)) != NULL) {
        const char *file = file_of(item);
        if (is_setting(item) && strncmp(file, controller, length) == 0 && file[length] == '.')
            return true;
    }
    return false;
}

/* Where both versions are given, that of the host's controller counts. */
static bool counts(struct lxc_conversion *conversion, const struct translate_host *host,
                   const struct lxc_item *item) {
    const bool v2 = text_starts_with(item->name, of_v2);
    const char *file = file_of(item);
    const bool host_is_v1 =
        translate_host_is_v1(host, controller_of(conversion->arena, file, true));
    if (v2 != host_is_v1)
        return true;
    const char *other = controller_of(conversion->arena, file, v2);
    return !has_settings(conversion, v2 ? of_v1 : of_v2, other);
}

/* A file of cgroup v2 that this host has is written as it is. */
static int convert_setting(struct lxc_conversion *conversion, const struct translate_host *host,
                           const struct lxc_item *item, struct thole_error *err) {
    struct oci_resources *resources = conversion->oci->linux->resources;
    const struct lxc_cgroup_setting setting = {file_of(item), item->value, item->where};
    const bool v2 = text_starts_with(item->name, of_v2);
    const bool v1_host =
        translate_host_is_v1(host, controller_of(conversion->arena, setting.file, true));
    int result = lxc_cgroup_device(conversion, &setting, err);
    if (result <= 0)
        return result;
    const bool lines = strcmp(setting.file, "io.max") == 0; /* unified has room for one of them */
    if (v2 && !v1_host && !lines) {
        *oci_items_add(conversion->arena, resources->unified.items, resources->unified.count) =
            (struct oci_pair){arena_strdup(conversion->arena, setting.file),
                              arena_strdup(conversion->arena, setting.value)};
        lxc_conversion_origin(conversion, setting.where, "/linux/resources/unified/%s",
                              setting.file);
        return 0;
    }
    result = lxc_cgroup_limit(conversion, &setting, err);
    if (result > 0 && v2 == v1_host)
        lxc_conversion_note(conversion, item->where,
                            "no effect: cgroup v%d, where this controller is, has no such file",
                            v1_host ? 1 : 2);
    else if (result > 0)
        lxc_conversion_note(conversion, item->where, "no effect: OCI has no member for this file");
    return result < 0 ? -1 : 0;
}

static int convert_settings(struct lxc_conversion *conversion, const char *prefix,
                            struct thole_error *err) {
    const struct translate_host *host = NULL;
    const struct lxc_item *item = NULL;
    const char *noted = "";
    while ((item = lxc_configuration_next(conversion->lxc, prefix, item)) != NULL) {
        if (!is_setting(item))
            continue;
        conversion->used[item - conversion->lxc->items] = true;
        if (lxc_conversion_host(conversion, &host, err) < 0)
            return -1;
        if (counts(conversion, host, item)) {
            if (convert_setting(conversion, host, item, err) < 0)
                return -1;
            continue;
        }
        const bool v2 = text_starts_with(item->name, of_v2);
        const char *controller = controller_of(conversion->arena, file_of(item), v2);
        if (strcmp(noted, controller) != 0)
            lxc_conversion_note(conversion, item->where,
                                "no effect, like all %s%s: those of cgroup v%d count here", prefix,
                                controller, v2 ? 1 : 2);
        noted = controller;
    }
    return 0;
}

/* Containers of the same name in different paths have different cgroups. */
static const char *default_directory(const struct lxc_conversion *conversion) {
    const struct lxc_convert_request *request = conversion->request;
    uint32_t hash = 2166136261U; /* FNV-1a */
    if (strcmp(request->lxcpath, "/var/lib/lxc") == 0)
        return arena_printf(conversion->arena, "lxc.payload.%s", request->name);
    for (const char *at = request->lxcpath; *at != '\0'; at++)
        hash = (hash ^ (unsigned char)*at) * 16777619U;
    return arena_printf(conversion->arena, "lxc.payload.%s.%08x", request->name, hash);
}

static bool has_parent(const char *path) {
    for (const char *at = path; *at != '\0'; at += *at == '/') {
        const size_t length = strcspn(at, "/");
        if (length == 2 && strncmp(at, "..", 2) == 0)
            return true;
        at += length;
    }
    return false;
}

static int convert_directory(struct lxc_conversion *conversion, struct thole_error *err) {
    struct arena *arena = conversion->arena;
    const struct lxc_item *parent = lxc_conversion_item(conversion, "lxc.cgroup.dir");
    const struct lxc_item *own = lxc_conversion_item(conversion, "lxc.cgroup.dir.container");
    const struct lxc_item *given = own != NULL ? own : parent;
    const char *path = default_directory(conversion);
    if (own != NULL && parent != NULL)
        return error_config(err, own->where, "excludes lxc.cgroup.dir, which is set, too");
    if (given != NULL && has_parent(given->value))
        return error_config(err, given->where, "\"%s\" must not contain ..", given->value);
    if (own != NULL)
        path = own->value;
    else if (parent != NULL)
        path = arena_printf(arena, "%s/%s", parent->value, path);
    conversion->oci->linux->cgroups_path = arena_strdup(arena, path);
    return 0;
}

int lxc_convert_cgroups(struct lxc_conversion *conversion, struct thole_error *err) {
    conversion->oci->linux->resources = arena_new(conversion->arena, struct oci_resources);
    if (convert_directory(conversion, err) < 0 || convert_settings(conversion, of_v1, err) < 0 ||
        convert_settings(conversion, of_v2, err) < 0)
        return -1;
    if (conversion->oci->linux->resources->devices.count > 0)
        lxc_conversion_annotate(conversion, "org.thole.devices.only", "true");
    return 0;
}
