/* SPDX-License-Identifier: Apache-2.0 */
/* The command lines of virsh: options by name, and words that are options by their order. */
#pragma once

#include "virsh/commands/commands.h"

/** Options before the command; they fill in struct virsh_settings. */
extern const struct option_row virsh_global_options[];

/**
 * Sorts @words (NULL-terminated) into @options of @command, and what is left into @ret_arguments.
 * Errors are in virsh's words. Release with options_done(), after failures too.
 */
int virsh_options_parse(const struct virsh_command *command, char *const *words, void *options,
                        struct option_arguments *ret_arguments, struct thole_error *err);
