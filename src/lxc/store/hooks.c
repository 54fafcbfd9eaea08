/* SPDX-License-Identifier: Apache-2.0 */
/* Running lxc.hook.clone and lxc.hook.destroy. */
#include "lxc/store/hooks.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "lxc/store/program.h"

static size_t add(struct lxc_variable *variables, size_t count, const char *name,
                  const char *value) {
    if (value != NULL)
        variables[count++] = (struct lxc_variable){name, value};
    return count;
}

/* sh -c 'exec HOOK "$@"' lxc NAME lxc clone ARGUMENT... */
static char **hook_args(const char *hook, const struct lxc_hook_call *call, bool by_arguments,
                        struct arena *arena) {
    size_t more = 0;
    while (call->arguments != NULL && call->arguments[more] != NULL)
        more++;
    char **args = arena_new_array(arena, more + 8, char *);
    char **at = args;
    *at++ = arena_strdup(arena, "sh");
    *at++ = arena_strdup(arena, "-c");
    *at++ = arena_printf(arena, "exec %s \"$@\"", hook);
    *at++ = arena_strdup(arena, "lxc");
    if (by_arguments) {
        *at++ = arena_strdup(arena, call->name);
        *at++ = arena_strdup(arena, "lxc");
        *at++ = arena_strdup(arena, call->type);
    }
    for (size_t i = 0; i < more; i++)
        *at++ = call->arguments[i];
    return args;
}

static int run_hook(const struct lxc_item *item, const struct lxc_hook_call *call,
                    const char *version, struct thole_error *err) {
    struct lxc_variable variables[9];
    size_t count = 0;
    bool by_environment = version != NULL && strcmp(version, "1") == 0;
    count = add(variables, count, "LXC_NAME", call->name);
    count = add(variables, count, "LXC_CONFIG_FILE", call->config_file);
    count = add(variables, count, "LXC_ROOTFS_MOUNT", call->rootfs_mount);
    count = add(variables, count, "LXC_ROOTFS_PATH", call->rootfs_path);
    count = add(variables, count, "LXC_SRC_NAME", call->source_name);
    count = add(variables, count, "LXC_HOOK_VERSION", by_environment ? version : NULL);
    count = add(variables, count, "LXC_HOOK_TYPE", by_environment ? call->type : NULL);
    count = add(variables, count, "LXC_HOOK_SECTION", by_environment ? "lxc" : NULL);

    cleanup_arena struct arena arena = {0};
    const struct lxc_store_program program = {
        .args = hook_args(item->value, call, !by_environment, &arena),
        .variables = variables,
        .variable_count = count,
        .prepare = call->prepare,
        .userdata = call->userdata,
    };
    int status = 0;
    if (lxc_store_program_run(&program, &status, err) < 0)
        return -1;
    if (status != 0)
        return error_set(err, THOLE_ERROR_PAYLOAD, 0, item->where, "%s ended with status %d",
                         item->value, status);
    return 0;
}

int lxc_hooks_run(const struct lxc_configuration *config, const struct lxc_hook_call *call,
                  struct thole_error *err) {
    cleanup_text struct text key = {0};
    const char *version = lxc_configuration_value(config, "lxc.hook.version");
    text_appendf(&key, "lxc.hook.%s", call->type);
    for (const struct lxc_item *item = NULL;
         (item = lxc_configuration_next(config, key.data, item)) != NULL;) {
        if (run_hook(item, call, version, err) < 0)
            return -1;
    }
    return 0;
}
