/* SPDX-License-Identifier: Apache-2.0 */
/* Id-mapped mounts. */
#include "plan/mount.h"

#include <string.h>

#include "base/text.h"

/* Reads a number that ends in one of @ends; returns what follows that end, or NULL. */
static const char *read_id(const char *text, const char *ends, uint32_t *ret_id) {
    char digits[16];
    const size_t length = strcspn(text, ends);
    uint64_t value = 0;
    if (length >= sizeof(digits))
        return NULL;
    memcpy(digits, text, length);
    digits[length] = '\0';
    if (!text_parse_uint(digits, UINT32_MAX - 1, &value))
        return NULL;
    *ret_id = (uint32_t)value;
    return text + length + (text[length] != '\0');
}

/* "[@]FROM-TO-SIZE" up to '#' or the end. */
static const char *read_triple(const struct plan_builder *builder, const char *text, bool group,
                               struct oci_id_mapping *ret_mapping) {
    const bool relative = text[0] == '@';
    text += relative;
    text = read_id(text, "-", &ret_mapping->container_id);
    if (text != NULL)
        text = read_id(text, "-", &ret_mapping->host_id);
    if (text != NULL)
        text = read_id(text, "#", &ret_mapping->size);
    if (text == NULL || ret_mapping->size == 0)
        return NULL;
    if (relative && !plan_map_id(builder, group, ret_mapping->host_id, &ret_mapping->host_id))
        return NULL;
    return text;
}

static bool read_triples(const struct plan_builder *builder, const char *text, bool group,
                         oci_id_mappings *ret_mappings) {
    do {
        text = read_triple(builder, text, group,
                           plan_list_add(builder->arena, ret_mappings->items, ret_mappings->count));
    } while (text != NULL && *text != '\0');
    return text != NULL;
}

static int set_map(const struct plan_builder *builder, const oci_id_mappings *uids,
                   const oci_id_mappings *gids, const char *where, struct plan_mount *mount,
                   struct thole_error *err) {
    struct arena *arena = builder->arena;
    struct plan_id_map *map = arena_new(arena, struct plan_id_map);
    mount->id_map = map;
    mount->id_map_container = false;
    if (plan_id_map_text(arena, uids, arena_printf(arena, "%s/uidMappings", where), &map->uid_map,
                         err) < 0)
        return -1;
    return plan_id_map_text(arena, gids, arena_printf(arena, "%s/gidMappings", where),
                            &map->gid_map, err);
}

int plan_mount_idmap_option(const struct plan_builder *builder, const char *value, bool recursive,
                            const char *where, struct plan_mount *mount, struct thole_error *err) {
    mount->id_map_recursive = recursive;
    mount->id_map_container = value == NULL;
    mount->id_map = NULL;
    if (value == NULL)
        return 0;
    oci_id_mappings uids = {0};
    oci_id_mappings gids = {0};
    bool good = true;
    for (char *rest = arena_strdup(builder->arena, value + 1); rest != NULL;) {
        const char *part = strsep(&rest, ";");
        if (text_starts_with(part, "uids="))
            good = read_triples(builder, part + 5, false, &uids) && good;
        else if (text_starts_with(part, "gids="))
            good = read_triples(builder, part + 5, true, &gids) && good;
    }
    if (!good || uids.count == 0 || gids.count == 0)
        return error_config(err, where,
                            "id mappings must read uids=FROM-TO-SIZE#...;gids=FROM-TO-SIZE#..., "
                            "not %s",
                            value + 1);
    return set_map(builder, &uids, &gids, where, mount, err);
}

int plan_mount_idmap_members(const struct plan_builder *builder, const struct oci_mount *wanted,
                             const char *where, struct plan_mount *mount, struct thole_error *err) {
    if (wanted->uid_mappings.count > 0 && wanted->gid_mappings.count > 0)
        return set_map(builder, &wanted->uid_mappings, &wanted->gid_mappings, where, mount, err);
    if (!mount->id_map_container || builder->plan->user.map.uid_map != NULL)
        return 0;
    /* Nobody has told what a namespace that is joined maps, but for mappings given beside it. */
    return error_config(err, where,
                        "an id-mapped mount needs uidMappings and gidMappings of its own, or a "
                        "container whose user namespace has them");
}
