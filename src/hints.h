/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody meant who got a word of the command line wrong. */
#pragma once

#include "base/error.h"
#include "commands.h"

/** Sets the error that there is no command @name, with a hint; returns -1. */
int hint_unknown_command(const struct command *const *commands, const char *name,
                         struct thole_error *err);

/**
 * Adds a hint to the error that @command (NULL: the options before it) has no option @word, which
 * stands without its dashes.
 */
void hint_unknown_option(const struct command *const *commands, const struct command *command,
                         const char *word, struct thole_error *err);
