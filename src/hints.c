/* SPDX-License-Identifier: Apache-2.0 */
/* Unknown words: they stand in the wrong place, or are misspelt. */
#include "hints.h"

#include <string.h>

#include "base/nearest.h"
#include "context.h"

int hint_unknown_command(const struct command *const *commands, const char *name,
                         struct thole_error *err) {
    struct nearest nearest = {.word = name, .length = strlen(name)};
    for (const struct command *const *at = commands; *at != NULL; at++) {
        if (!(*at)->hidden)
            nearest_offer(&nearest, (*at)->name);
    }
    error_set(err, THOLE_ERROR_USAGE, 0, NULL, "unknown command %s", name);
    if (nearest.best != NULL)
        return error_hint(err, "did you mean %s?", nearest.best);
    return error_hint(err, "\"thole help\" lists the commands");
}

/* The name of a command that has such an option, or NULL. */
static const char *owner(const struct command *const *commands, const char *word, size_t length) {
    for (const struct command *const *at = commands; *at != NULL; at++) {
        if (options_find((*at)->options, word, length) != NULL)
            return (*at)->name;
    }
    return NULL;
}

void hint_unknown_option(const struct command *const *commands, const struct command *command,
                         const char *word, struct thole_error *err) {
    size_t length = strcspn(word, "=");
    const struct option_row *rows = command != NULL ? command->options : global_options;
    struct nearest nearest = {.word = word, .length = length};
    nearest_offer(&nearest, "help");
    for (const struct option_row *row = rows; row->name != NULL; row++)
        nearest_offer(&nearest, row->name);

    const char *name = command != NULL ? command->name : owner(commands, word, length);
    if (command != NULL && options_find(global_options, word, length) != NULL)
        error_hint(err, "global options stand before the command: thole --%.*s ... %s", (int)length,
                   word, name);
    else if (command == NULL && name != NULL)
        error_hint(err, "options of a command stand behind it: thole %s --%.*s ...", name,
                   (int)length, word);
    else if (nearest.best != NULL)
        error_hint(err, "did you mean --%s?", nearest.best);
    else
        error_hint(err, "\"thole help%s%s\" lists the options", command != NULL ? " " : "",
                   command != NULL ? name : "");
}
