/* SPDX-License-Identifier: Apache-2.0 */
/* The user namespace: who is who outside, and who may write that down. */
#include <inttypes.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/builder.h"

/* user_namespaces(7): more lines than that are refused by the kernel, and a page or more of text.
 */
enum { LINES_MAX = 340, TEXT_MAX = 4095 };

static const uint32_t unmapped = UINT32_MAX;

static bool look_up(const struct oci_id_mapping *mappings, size_t count, uint32_t id,
                    uint32_t *ret_host_id) {
    for (size_t i = 0; i < count; i++) {
        if (id >= mappings[i].container_id && id - mappings[i].container_id < mappings[i].size) {
            *ret_host_id = mappings[i].host_id + (id - mappings[i].container_id);
            return true;
        }
    }
    return false;
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size) {
    return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static int check_overlaps(const oci_id_mappings *mappings, const char *where, struct arena *arena,
                          struct thole_error *err) {
    for (size_t i = 0; i < mappings->count; i++) {
        const struct oci_id_mapping *later = &mappings->items[i];
        for (size_t j = 0; j < i; j++) {
            const struct oci_id_mapping *earlier = &mappings->items[j];
            if (overlap(earlier->container_id, earlier->size, later->container_id, later->size) ||
                overlap(earlier->host_id, earlier->size, later->host_id, later->size))
                return error_config(err, arena_printf(arena, "%s/%zu", where, i),
                                    "overlaps with mapping %zu", j);
        }
    }
    return 0;
}

int plan_id_map_text(struct arena *arena, const oci_id_mappings *mappings, const char *where,
                     const char **ret_text, struct thole_error *err) {
    struct text lines cleanup_text = {0};
    if (mappings->count > LINES_MAX)
        return error_config(err, where, "the kernel takes at most %d mappings, not %zu", LINES_MAX,
                            mappings->count);
    for (size_t i = 0; i < mappings->count; i++) {
        const struct oci_id_mapping *mapping = &mappings->items[i];
        text_appendf(&lines, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", mapping->container_id,
                     mapping->host_id, mapping->size);
    }
    *ret_text = arena_strdup(arena, lines.data == NULL ? "" : lines.data);
    if (lines.length > TEXT_MAX)
        return error_config(err, where, "the kernel takes %d bytes of mappings, not %zu", TEXT_MAX,
                            lines.length);
    return check_overlaps(mappings, where, arena, err);
}

/* Where the config of an ordinary user has no mappings: what subuid(5) grants. */
static oci_id_mappings default_mappings(struct plan_builder *builder, uint32_t own_id,
                                        const char *ranges) {
    oci_id_mappings mappings = {0};
    *plan_list_add(builder->arena, mappings.items, mappings.count) =
        (struct oci_id_mapping){.host_id = own_id, .size = 1};
    uint32_t next = 1;
    while (ranges != NULL && *ranges != '\0' && mappings.count < LINES_MAX) {
        char *end = NULL;
        unsigned long host = strtoul(ranges, &end, 10);
        unsigned long size = *end == ':' ? strtoul(end + 1, &end, 10) : 0;
        if (size > 0 && size < UINT32_MAX - next && host < UINT32_MAX - size) {
            *plan_list_add(builder->arena, mappings.items, mappings.count) =
                (struct oci_id_mapping){next, (uint32_t)host, (uint32_t)size};
            next += (uint32_t)size;
        }
        ranges = end + strcspn(end, ",");
        ranges += strspn(ranges, ",");
    }
    return mappings;
}

static const oci_id_mappings *effective_mappings(const struct plan_builder *builder, bool group) {
    const struct oci_linux *section = builder->linux_section;
    return group ? &section->gid_mappings : &section->uid_mappings;
}

/* user_namespaces(7): without privilege only one's own id can be mapped, and no other. */
static bool maps_only(const oci_id_mappings *mappings, uint32_t own_id) {
    return mappings->count == 1 && mappings->items[0].size == 1 &&
           mappings->items[0].host_id == own_id;
}

static int read_mappings(struct plan_builder *builder, struct thole_error *err) {
    struct plan_user_mapping *user = &builder->plan->user;
    const oci_id_mappings *uids = effective_mappings(builder, false);
    const oci_id_mappings *gids = effective_mappings(builder, true);
    if (uids->count == 0 || gids->count == 0)
        return error_config(err, uids->count == 0 ? "/linux/gidMappings" : "/linux/uidMappings",
                            "uidMappings and gidMappings need each other");
    if (plan_id_map_text(builder->arena, uids, "/linux/uidMappings", &user->map.uid_map, err) < 0 &&
        plan_ends(builder, err))
        return -1;
    return plan_id_map_text(builder->arena, gids, "/linux/gidMappings", &user->map.gid_map, err);
}

static int create_user_namespace(struct plan_builder *builder, bool given,
                                 struct thole_error *err) {
    const struct host_facts *facts = builder->facts;
    struct plan_user_mapping *user = &builder->plan->user;
    /* A map of everything to itself would protect from nothing. */
    if (!given && facts->privileged)
        return error_config(err, "/linux/uidMappings",
                            "missing: a new user namespace needs uidMappings and gidMappings");
    if (!given) {
        struct oci_linux *completed = arena_new(builder->arena, struct oci_linux);
        *completed = *builder->linux_section;
        completed->uid_mappings = default_mappings(builder, facts->euid, facts->subuid);
        completed->gid_mappings = default_mappings(builder, facts->egid, facts->subgid);
        builder->linux_section = completed;
    }
    if (read_mappings(builder, err) < 0)
        return -1;
    if (!facts->privileged) {
        const bool own_ids = maps_only(effective_mappings(builder, false), facts->euid) &&
                             maps_only(effective_mappings(builder, true), facts->egid);
        user->deny_setgroups = own_ids;
        user->use_newuidmap = !own_ids;
    }
    return 0;
}

bool plan_map_id(const struct plan_builder *builder, bool group, uint32_t id,
                 uint32_t *ret_host_id) {
    const oci_id_mappings *mappings = effective_mappings(builder, group);
    uint32_t host_id = id;
    bool mapped = true;
    if (mappings->count > 0)
        mapped = look_up(mappings->items, mappings->count, id, &host_id);
    else if (plan_has_namespace(builder->plan, CLONE_NEWUSER))
        host_id = unmapped; /* joined, and its maps are not known */
    if (ret_host_id != NULL)
        *ret_host_id = mapped ? host_id : unmapped;
    return mapped;
}

int plan_build_user_mapping(struct plan_builder *builder, struct thole_error *err) {
    const struct oci_linux *section = builder->linux_section;
    struct plan_user_mapping *user = &builder->plan->user;
    const bool given = section->uid_mappings.count > 0 || section->gid_mappings.count > 0;
    user->where = given ? "/linux/uidMappings" : "";
    if ((builder->plan->namespaces.created & CLONE_NEWUSER) != 0) {
        if (create_user_namespace(builder, given, err) < 0)
            return -1;
    } else if (plan_has_namespace(builder->plan, CLONE_NEWUSER)) {
        if (given && read_mappings(builder, err) < 0)
            return -1;
    } else {
        if (given)
            return error_config(
                err, section->uid_mappings.count > 0 ? "/linux/uidMappings" : "/linux/gidMappings",
                "mappings need a user namespace in linux.namespaces");
        if (!builder->facts->privileged) {
            (void)error_unsupported(
                err, "/linux/namespaces",
                "without privileges a container needs a user namespace of its own");
            return error_hint(err, "add {\"type\": \"user\"} to linux.namespaces, with "
                                   "linux.uidMappings and linux.gidMappings");
        }
    }
    (void)plan_map_id(builder, false, 0, &user->root_uid);
    (void)plan_map_id(builder, true, 0, &user->root_gid);
    return 0;
}
