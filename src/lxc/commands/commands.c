/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a command in the list of all. */
#include "lxc/commands/commands.h"

#include <string.h>

const struct option_row lxc_no_options[] = {{0}};

const struct lxc_command *lxc_command_find(const struct lxc_command *const *commands,
                                           const char *name) {
    for (const struct lxc_command *const *at = commands; *at != NULL; at++) {
        if (strcmp((*at)->name, name) == 0)
            return *at;
    }
    return NULL;
}
