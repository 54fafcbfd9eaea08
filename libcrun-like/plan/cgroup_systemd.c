/* SPDX-License-Identifier: Apache-2.0 */
/* systemd's names for a container's cgroup: "SLICE:PREFIX:NAME" to a unit and its path. */
#include <string.h>

#include "base/text.h"
#include "plan/cgroup.h"

static const char subgroup_annotation[] = "run.oci.systemd.subgroup";

struct unit_name {
    const char *slice; /* "" for the default */
    const char *unit;
};

static int refuse(struct thole_error *err, const char *wanted) {
    return error_config(err, "/linux/cgroupsPath",
                        "must read SLICE:PREFIX:NAME for the systemd cgroup manager, not %s",
                        wanted);
}

/* What stands before the next colon of @text, which moves behind it; "" without a colon. */
static const char *take_part(struct arena *arena, const char **text) {
    const char *start = *text;
    const char *colon = strchr(start, ':');
    if (colon == NULL)
        return "";
    *text = colon + 1;
    return arena_strndup(arena, start, (size_t)(colon - start));
}

/* Three parts as runc has them; two ("SLICE:NAME") or one ("NAME") as crun takes, too. */
static int parse_path(const struct plan_builder *builder, struct unit_name *ret_name,
                      struct thole_error *err) {
    struct arena *arena = builder->arena;
    const char *wanted = builder->linux_section->cgroups_path;
    if (wanted == NULL) {
        *ret_name =
            (struct unit_name){"", arena_printf(arena, "thole-%s.scope", builder->plan->id)};
        return 0;
    }
    const char *name = wanted;
    const char *slice = take_part(arena, &name);
    const char *prefix = take_part(arena, &name);
    if (name[0] == '\0' || strpbrk(wanted, "/\n") != NULL || strchr(name, ':') != NULL)
        return refuse(err, wanted);
    if (slice[0] != '\0' && strcmp(slice, "-") != 0 && !text_ends_with(slice, ".slice"))
        return error_config(err, "/linux/cgroupsPath", "%s is not the name of a slice", slice);
    ret_name->slice = slice;
    if (text_ends_with(name, ".slice"))
        ret_name->unit = name;
    else
        ret_name->unit =
            arena_printf(arena, "%s%s%s.scope", prefix, prefix[0] != '\0' ? "-" : "", name);
    return 0;
}

/* systemd.slice(5): "a-b.slice" is /a.slice/a-b.slice; NULL if the dashes make no sense. */
static const char *slice_path(struct arena *arena, const char *slice) {
    struct text path cleanup_text = {0};
    const size_t length = strlen(slice) - strlen(".slice");
    if (length == 1 && slice[0] == '-')
        return "";
    for (size_t i = 0; i <= length; i++) {
        if (i < length && slice[i] != '-')
            continue;
        if (i == 0 || slice[i - 1] == '-')
            return NULL;
        text_append(&path, "/");
        text_append_bytes(&path, slice, i);
        text_append(&path, ".slice");
    }
    return arena_strdup(arena, path.data);
}

/* The user's own systemd has its tree in "user@UID.service"; the path down to it. */
static const char *user_manager_path(const struct plan_builder *builder) {
    const struct host_hierarchy *unified = host_find_controller(builder->facts, "");
    if (unified == NULL || plan_is_rootful(builder->facts))
        return "";
    const char *start = strstr(unified->own_path, "/user@");
    if (start == NULL)
        return "";
    const size_t component = 1 + strcspn(start + 1, "/");
    return arena_strndup(builder->arena, unified->own_path,
                         (size_t)(start - unified->own_path) + component);
}

/* The container may be in a child of its unit, where systemd leaves everything alone. */
static int subgroup_path(const struct plan_builder *builder, const char **ret_path,
                         struct thole_error *err) {
    const char *subgroup = plan_annotation(builder->config, subgroup_annotation);
    *ret_path = "";
    if (subgroup == NULL || subgroup[0] == '\0')
        return 0;
    if (strchr(subgroup, '/') != NULL || subgroup[0] == '.')
        return error_config(err,
                            plan_where_key(builder->arena, "/annotations", subgroup_annotation),
                            "%s is not the name of a cgroup", subgroup);
    *ret_path = arena_printf(builder->arena, "/%s", subgroup);
    return 0;
}

int plan_cgroup_systemd(const struct plan_builder *builder, struct plan_cgroup *cgroup,
                        const char **ret_path, struct thole_error *err) {
    struct unit_name name = {.slice = "", .unit = ""};
    if (parse_path(builder, &name, err) < 0)
        return -1;
    if (name.slice[0] == '\0')
        name.slice = plan_is_rootful(builder->facts) ? "system.slice" : "user.slice";
    else if (strcmp(name.slice, "-") == 0)
        name.slice = "-.slice";

    const bool is_slice = text_ends_with(name.unit, ".slice");
    const char *directory = slice_path(builder->arena, is_slice ? name.unit : name.slice);
    if (directory == NULL)
        return error_config(err, "/linux/cgroupsPath", "%s is not the name of a slice",
                            is_slice ? name.unit : name.slice);
    const char *manager = user_manager_path(builder);
    cgroup->systemd_slice = name.slice;
    cgroup->systemd_scope = name.unit;
    cgroup->systemd_user = !plan_is_rootful(builder->facts);
    const char *subgroup = NULL;
    if (subgroup_path(builder, &subgroup, err) < 0)
        return -1;
    if (is_slice)
        *ret_path = arena_printf(builder->arena, "%s%s%s", manager, directory, subgroup);
    else
        *ret_path =
            arena_printf(builder->arena, "%s%s/%s%s", manager, directory, name.unit, subgroup);
    return plan_systemd_annotations(builder, cgroup, err);
}
