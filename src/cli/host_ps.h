/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of the host in the words of its ps(1). */
#pragma once

#include <stddef.h>

#include "base/error.h"

/** What ps(1) writes to standard output, malloc'ed; NULL with @err filled in. @arguments is its
 * argv, NULL-terminated. */
char *host_ps_run(char *const *arguments, struct thole_error *err);

/** Word number @index (from 0) in @line; its length goes to @ret_length, 0: there is none. */
const char *host_ps_word(const char *line, size_t index, size_t *ret_length);

/** Which word of @heading is PID. */
int host_ps_pid_column(const char *heading, size_t *ret_column, struct thole_error *err);
