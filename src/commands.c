/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a command in the list of all. */
#include "commands.h"

#include <string.h>

const struct option_row command_no_options[] = {{0}};

const struct command *command_find(const struct command *const *commands, const char *name) {
    for (const struct command *const *at = commands; *at != NULL; at++) {
        if (strcmp((*at)->name, name) == 0)
            return *at;
    }
    return NULL;
}
