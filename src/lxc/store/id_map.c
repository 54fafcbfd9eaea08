/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.idmap, for those who make files for a container. */
#include "lxc/store/id_map.h"

#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/words.h"

/* "u 0 100000 65536" */
struct line {
    char kind; /* b: both */
    uint64_t inside;
    uint64_t outside;
    uint64_t count;
};

static int parse(const struct lxc_item *item, struct line *line, struct thole_error *err) {
    const char *rest = item->value + 1;
    *line = (struct line){.kind = item->value[0]};
    if (strchr("ugb", line->kind) != NULL && words_next_uint(&rest, &line->inside) &&
        words_next_uint(&rest, &line->outside) && words_next_uint(&rest, &line->count))
        return 0;
    return error_config(err, item->where, "\"%s\" is no id map", item->value);
}

/* Of one kind of ids: where root is, and the first free one. True: root is in @line. */
static bool note(const struct line *line, uint32_t *root, uint64_t *first) {
    if (line->inside + line->count > *first)
        *first = line->inside + line->count;
    if (line->inside == 0)
        *root = (uint32_t)line->outside;
    return line->inside == 0;
}

int lxc_id_map_read(const struct lxc_configuration *config, struct lxc_id_map *ret_map,
                    struct thole_error *err) {
    bool has_user = false;
    bool has_group = false;
    struct lxc_id_map map = {0};
    for (const struct lxc_item *item = NULL;
         (item = lxc_configuration_next(config, "lxc.idmap", item)) != NULL;) {
        struct line line;
        if (parse(item, &line, err) < 0)
            return -1;
        map.mapped = true;
        if (line.kind != 'g')
            has_user |= note(&line, &map.root_uid, &map.first_uid);
        if (line.kind != 'u')
            has_group |= note(&line, &map.root_gid, &map.first_gid);
    }
    if (map.mapped && !(has_user && has_group))
        return error_config(err, "lxc.idmap", "root of the container, 0, is not among the ids");
    *ret_map = map;
    return 0;
}

/* As lxc-usernsexec -m has it. */
static char *words_of(const struct line *line, struct arena *arena) {
    return arena_printf(arena, "%c:%" PRIu64 ":%" PRIu64 ":%" PRIu64, line->kind, line->inside,
                        line->outside, line->count);
}

int lxc_id_map_add(const struct lxc_configuration *config, struct lxc_id_maps *maps,
                   struct thole_error *err) {
    cleanup_arena struct arena arena = {0};
    for (const struct lxc_item *item = NULL;
         (item = lxc_configuration_next(config, "lxc.idmap", item)) != NULL;) {
        struct line line;
        if (parse(item, &line, err) < 0 || lxc_id_maps_add(maps, words_of(&line, &arena), err) < 0)
            return -1;
    }
    lxc_id_maps_add_own(maps);
    return 0;
}

char **lxc_id_map_command(const struct lxc_configuration *config, char *const *args,
                          struct arena *arena) {
    size_t count = 0;
    size_t maps = 0;
    struct line line;
    struct thole_error ignored; /* lxc_id_map_read() has told */
    while (args[count] != NULL)
        count++;
    for (const struct lxc_item *item = NULL;
         (item = lxc_configuration_next(config, "lxc.idmap", item)) != NULL;)
        maps++;
    char **words = arena_new_array(arena, count + 2 * maps + 5, char *);
    char **at = words;
    *at++ = arena_strdup(arena, "/proc/self/exe");
    *at++ = arena_strdup(arena, "usernsexec");
    for (const struct lxc_item *item = NULL;
         (item = lxc_configuration_next(config, "lxc.idmap", item)) != NULL;) {
        if (parse(item, &line, &ignored) < 0)
            continue;
        *at++ = arena_strdup(arena, "-m");
        *at++ = words_of(&line, arena);
    }
    *at++ = arena_strdup(arena, "-s");
    *at++ = arena_strdup(arena, "--");
    for (size_t i = 0; i < count; i++)
        *at++ = args[i];
    return words;
}
