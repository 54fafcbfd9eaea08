/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.idmap, for those who make files for a container. */
#include "lxc/store/id_map.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/words.h"

/* "u 0 100000 65536" */
struct line {
    char kind;
    uint64_t inside;
    uint64_t outside;
    uint64_t count;
};

static bool parse(const char *value, struct line *line) {
    line->kind = value[0];
    value++;
    return (line->kind == 'u' || line->kind == 'g') && words_next_uint(&value, &line->inside) &&
           words_next_uint(&value, &line->outside) && words_next_uint(&value, &line->count);
}

int lxc_id_map_read(const struct lxc_configuration *config, struct lxc_id_map *ret_map,
                    struct thole_error *err) {
    bool has_root[2] = {false, false};
    *ret_map = (struct lxc_id_map){0};
    for (const struct lxc_item *item = NULL;
         (item = lxc_configuration_next(config, "lxc.idmap", item)) != NULL;) {
        struct line line;
        if (!parse(item->value, &line))
            return error_config(err, item->where, "\"%s\" is no id map", item->value);
        bool is_group = line.kind == 'g';
        uint64_t *first = is_group ? &ret_map->first_gid : &ret_map->first_uid;
        ret_map->mapped = true;
        if (line.inside + line.count > *first)
            *first = line.inside + line.count;
        if (line.inside != 0)
            continue;
        has_root[is_group] = true;
        if (is_group)
            ret_map->root_gid = (gid_t)line.outside;
        else
            ret_map->root_uid = (uid_t)line.outside;
    }
    if (ret_map->mapped && !(has_root[0] && has_root[1]))
        return error_config(err, "lxc.idmap", "root of the container, 0, is not among the ids");
    return 0;
}

static void add_map(char ***at, struct arena *arena, char *map) {
    *(*at)++ = arena_strdup(arena, "-m");
    *(*at)++ = map;
}

char **lxc_id_map_command(const struct lxc_configuration *config, const struct lxc_id_map *map,
                          char *const *args, struct arena *arena) {
    size_t count = 0;
    size_t maps = 2;
    struct line line;
    while (args[count] != NULL)
        count++;
    for (const struct lxc_item *item = NULL;
         (item = lxc_configuration_next(config, "lxc.idmap", item)) != NULL;)
        maps++;
    char **words = arena_new_array(arena, count + 2 * maps + 4, char *);
    char **at = words;
    *at++ = arena_strdup(arena, "/proc/self/exe");
    *at++ = arena_strdup(arena, "usernsexec");
    for (const struct lxc_item *item = NULL;
         (item = lxc_configuration_next(config, "lxc.idmap", item)) != NULL;) {
        if (parse(item->value, &line))
            add_map(&at, arena,
                    arena_printf(arena, "%c:%" PRIu64 ":%" PRIu64 ":%" PRIu64, line.kind,
                                 line.inside, line.outside, line.count));
    }
    add_map(&at, arena, arena_printf(arena, "u:%" PRIu64 ":%d:1", map->first_uid, (int)geteuid()));
    add_map(&at, arena, arena_printf(arena, "g:%" PRIu64 ":%d:1", map->first_gid, (int)getegid()));
    *at++ = arena_strdup(arena, "--");
    for (size_t i = 0; i < count; i++)
        *at++ = args[i];
    return words;
}
