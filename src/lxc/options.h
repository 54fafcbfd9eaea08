/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command lines of LXC: those of getopt_long(3), so that options may stand anywhere before "--"
 * and long ones may be abbreviated.
 */
#pragma once

#include "lxc/commands/commands.h"

/** The rows of the options that every command has; they fill in struct lxc_settings. */
extern const struct option_row lxc_common_options[];

/** The row of the common options is in force for @command: none of its own has the name or letter.
 */
bool lxc_option_is_common(const struct lxc_command *command, const struct option_row *row);

/**
 * Sorts @argv (reordered in place) into @settings, @options (for the command's own table) and what
 * is left: the index of the first argument is returned. -1: @err is filled in, kind USAGE, or its
 * text is empty, since getopt_long() has told the mistake already.
 */
int lxc_options_parse(const struct lxc_command *command, int argc, char *argv[],
                      struct lxc_settings *settings, void *options, struct thole_error *err);
