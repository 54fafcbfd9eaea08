/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-config: what the system configuration says. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/commands/commands.h"
#include "lxc/store/system.h"

struct config_options {
    bool list;
};

static const struct option_row rows[] = {
    {"list", 'l', OPTION_FLAG, offsetof(struct config_options, list), NULL,
     "list all configuration items"},
    {0},
};

/* As LXC has it, an item is found by its beginning. */
static const struct lxc_system_item *find(const char *word) {
    for (const struct lxc_system_item *item = lxc_system_items; item->key != NULL; item++) {
        if (item->listed && text_starts_with(item->key, word))
            return item;
    }
    return NULL;
}

static int run_config(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct config_options *options = call->options;
    if (options->list) {
        for (const struct lxc_system_item *item = lxc_system_items; item->key != NULL; item++) {
            if (item->listed)
                (void)printf("%s\n", item->key);
        }
        return 0;
    }
    if (call->argument_count == 0 || call->arguments[0][0] == '\0') {
        (void)fputs("Usage: lxc-config -l: list all available configuration items\n"
                    "       lxc-config item: print configuration item\n",
                    stdout);
        return 0;
    }
    const struct lxc_system_item *item = find(call->arguments[0]);
    if (item == NULL) {
        (void)printf("Unknown configuration item: %s\n", call->arguments[0]);
        *ret_status = EXIT_FAILURE;
        return 0;
    }
    cleanup_free char *value = NULL;
    if (lxc_system_get(item->key, &value, err) < 0)
        return -1;
    if (value == NULL)
        (void)printf("%s is not set.\n", item->key);
    else
        (void)printf("%s\n", value);
    return 0;
}

const struct lxc_command lxc_command_config = {
    .name = "config",
    .arguments = "ITEM",
    .summary = "print an item of the system configuration",
    .options = rows,
    .options_size = sizeof(struct config_options),
    .naming = LXC_NAME_OPTION,
    .no_common = true,
    .run = run_config,
};
