/* SPDX-License-Identifier: Apache-2.0 */
/* The option --timing of the commands that start programs. */
#pragma once

#include "commands.h"

#define TIMING_OPTION(offset)                                                              \
    OPTION_ROW("timing", 0, OPTION_OPTIONAL, offset, "FILE",                               \
               "tell where the time goes: a table on standard error, or trace events for " \
               "Perfetto in FILE")

/** What a timed command does, with a context that may have a clock. */
typedef int timing_function(const struct thole_context *context, const void *request,
                            int *ret_status, struct thole_error *err);

/**
 * Calls @function, timed unless @option is NULL; "" prints the table, anything else is the file.
 * What was measured is told for failures, too.
 */
int timing_run(const struct thole_context *context, const char *option, timing_function *function,
               const void *request, int *ret_status, struct thole_error *err);
