/* SPDX-License-Identifier: Apache-2.0 */
/* Calling one command from another. */
#include "lxc/commands/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "lxc/options.h"

int lxc_call_command(const struct lxc_call *call, const char *command, const char *lxcpath,
                     const char *name, char *const *words, int *ret_status,
                     struct thole_error *err) {
    cleanup_arena struct arena arena = {0};
    struct lxc_settings settings = {0};
    const struct lxc_command *called = lxc_command_find(call->commands, command);
    if (called == NULL)
        return error_bug(err, "there is no command %s", command);
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    /* Sorting the words moves them: they are in an array of their own. */
    char **argv = arena_new_array(&arena, count + 2, char *);
    argv[0] = arena_printf(&arena, "lxc-%s", command);
    (void)memcpy(&argv[1], words, count * sizeof(*words));
    void *options = arena_alloc(&arena, called->options_size + 1);
    int first = lxc_options_parse(called, (int)count + 1, argv, &settings, options, err);
    int result = first;
    if (first >= 0) {
        struct lxc_call inner = *call;
        inner.command = called;
        inner.settings = &settings;
        inner.name = name;
        inner.lxcpath = lxcpath;
        inner.options = options;
        inner.arguments = argv + first;
        inner.argument_count = count + 1 - (size_t)first;
        result = called->run(&inner, ret_status, err);
    }
    options_free_lists(called->options, options);
    options_free_lists(lxc_common_options, &settings);
    return result < 0 ? -1 : 0;
}
