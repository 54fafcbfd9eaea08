/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts, made from the tables of commands and options. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "cli/options.h"
#include "commands.h"

/** What thole is, in one line. */
extern const char help_tagline[];

/** Prints the help of the program, with all commands, to standard output. */
int help_print_program(const struct command *const *commands, struct thole_error *err);

/** Prints the help of one command to standard output. */
int help_print_command(const struct command *command, struct thole_error *err);

/** Prints to standard error the help for a call without a command. */
int help_print_hint(const struct command *const *commands, struct thole_error *err);

/** Appends "-b, --bundle DIR": how an option is written. */
void help_append_option(struct text *text, const struct option_row *row);
