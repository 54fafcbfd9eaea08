/* SPDX-License-Identifier: Apache-2.0 */
/* Finding and running templates, in the way of LXC. */
#include "lxc/store/template.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "lxc/config/share.h"
#include "lxc/store/id_map.h"
#include "lxc/store/program.h"

int lxc_template_find(const char *name, char **ret_program, struct thole_error *err) {
    const char *const directories[] = {lxc_share_directory(), LXC_SHARE_OF_LXC};
    if (name[0] == '/') {
        if (access(name, X_OK) < 0)
            return error_errno(err, NULL, "template %s", name);
        *ret_program = strdup(name);
        return 0;
    }
    for (size_t i = 0; i < 2 && strchr(name, '/') == NULL; i++) {
        struct text path = {0};
        text_appendf(&path, "%s/" LXC_SHARE_TEMPLATES "/lxc-%s", directories[i], name);
        if (access(path.data, X_OK) == 0) {
            *ret_program = text_take(&path);
            return 0;
        }
        text_done(&path);
    }
    return error_usage(err, "Template \"%s\" not found: there is no lxc-%s in %s/%s or %s/%s", name,
                       name, directories[0], LXC_SHARE_TEMPLATES, directories[1],
                       LXC_SHARE_TEMPLATES);
}

static size_t count_of(char *const *words) {
    size_t count = 0;
    while (words != NULL && words[count] != NULL)
        count++;
    return count;
}

/* PROGRAM --path=... --name=... --rootfs=... ARGUMENT..., and what is said of a map of ids. */
static char **command_of(const struct lxc_template_call *call, const struct lxc_id_map *map,
                         struct arena *arena) {
    size_t count = count_of(call->arguments);
    char **words = arena_new_array(arena, count + 9, char *);
    char **at = words;
    *at++ = arena_strdup(arena, call->program);
    *at++ = arena_printf(arena, "--path=%s", call->directory);
    *at++ = arena_printf(arena, "--name=%s", call->name);
    *at++ = arena_printf(arena, "--rootfs=%s", call->rootfs);
    for (size_t i = 0; i < count; i++)
        *at++ = call->arguments[i];
    if (map->mapped) {
        *at++ = arena_strdup(arena, "--mapped-uid");
        *at++ = arena_printf(arena, "%" PRIu64, map->first_uid);
        *at++ = arena_strdup(arena, "--mapped-gid");
        *at++ = arena_printf(arena, "%" PRIu64, map->first_gid);
    }
    return words;
}

int lxc_template_run(const struct lxc_template_call *call, const struct lxc_configuration *config,
                     struct thole_error *err) {
    cleanup_arena struct arena arena = {0};
    struct lxc_id_map map;
    int status = 0;
    if (lxc_id_map_read(config, &map, err) < 0)
        return -1;
    char **args = command_of(call, &map, &arena);
    if (map.mapped)
        args = lxc_id_map_command(config, args, &arena);
    const struct lxc_store_program program = {.args = args};
    if (lxc_store_program_run(&program, &status, err) < 0)
        return -1;
    if (status != 0)
        return error_set(err, THOLE_ERROR_PAYLOAD, 0, NULL, "the template %s ended with status %d",
                         call->program, status);
    return 0;
}

char *lxc_template_header(const struct lxc_template_call *call) {
    struct text text = {0};
    text_appendf(&text, "# Template used to create this container: %s\n", call->program);
    text_append(&text, "# Parameters passed to the template:");
    for (size_t i = 0; i < count_of(call->arguments); i++)
        text_appendf(&text, " %s", call->arguments[i]);
    text_make_plain(text.data + strcspn(text.data, "\n") + 1); /* a comment is one line */
    text_append(&text, "\n");
    text_append(&text, "# For additional config options, please look at lxc.container.conf(5)\n\n"
                       "# Uncomment the following line to support nesting containers:\n"
                       "#lxc.include = " LXC_SHARE_OF_LXC "/" LXC_SHARE_CONFIG "/nesting.conf\n"
                       "# (Be aware this has security implications)\n\n");
    return text_take(&text);
}
