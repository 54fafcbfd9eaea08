/* SPDX-License-Identifier: Apache-2.0 */
/* Help, usage and manual pages of the lxc-* commands, from their tables. */
#pragma once

#include <stdio.h>

#include "lxc/commands/commands.h"

/** What LXC prints for --help, on standard error as LXC does. */
void lxc_help_print(const struct lxc_command *command);

/** The one line of --usage. */
void lxc_help_print_usage(const struct lxc_command *command);

/** All commands, for thole-lxc called without one. */
void lxc_help_print_program(const struct lxc_command *const *commands, FILE *stream);
