/* SPDX-License-Identifier: Apache-2.0 */
/* The list of commands. */
#include "commands.h"

#include <string.h>

const struct command *const commands[] = {
    &command_attach,
    &command_create,
    &command_delete,
    &command_events,
    &command_exec,
    &command_features,
    &command_generate_completion,
    &command_generate_man,
    &command_help,
    &command_kill,
    &command_list,
    &command_pause,
    &command_plan,
    &command_ps,
    &command_resume,
    &command_run,
    &command_spec,
    &command_start,
    &command_state,
    &command_update,
    &command_validate,
    &command_version,
    NULL,
};

const struct option_row command_no_options[] = {{0}};

const struct command *command_find(const char *name) {
    for (const struct command *const *at = commands; *at != NULL; at++) {
        if (strcmp((*at)->name, name) == 0)
            return *at;
    }
    return NULL;
}
