/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a command in the list of all. */
#include "commands.h"

#include <string.h>

#include "base/text.h"

const struct option_row command_no_options[] = {{0}};

bool command_takes_id(const struct command *command) {
    return text_starts_with(command->arguments, "ID") ||
           text_starts_with(command->arguments, "[ID]");
}

const struct command *command_find(const struct command *const *commands, const char *name) {
    for (const struct command *const *at = commands; *at != NULL; at++) {
        if (strcmp((*at)->name, name) == 0)
            return *at;
    }
    return NULL;
}
