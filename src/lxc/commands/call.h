/* SPDX-License-Identifier: Apache-2.0 */
/* A command that is a part of another one. */
#pragma once

#include "lxc/commands/commands.h"

/**
 * Runs the command called @command on the container @name of @lxcpath with @words (NULL-terminated)
 * for options and arguments, and the log of @call. @ret_status as from the command itself.
 */
int lxc_call_command(const struct lxc_call *call, const char *command, const char *lxcpath,
                     const char *name, char *const *words, int *ret_status,
                     struct thole_error *err);
