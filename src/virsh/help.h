/* SPDX-License-Identifier: Apache-2.0 */
/* Help and manual pages of thole-virsh, from its tables. */
#pragma once

#include "virsh/commands/commands.h"

/** "start --help", "help start": as virsh lays it out. */
void virsh_help_print(const struct virsh_command *command);

/** All commands. */
void virsh_help_print_program(const struct virsh_command *const *commands);

/** "start <domain> [--paused]" */
struct text;
void virsh_help_append_synopsis(struct text *text, const struct virsh_command *command);
