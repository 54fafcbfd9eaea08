/* SPDX-License-Identifier: Apache-2.0 */
/* Options of all commands that carry a terminal session: exec, run and attach. */
#pragma once

#include <stddef.h>

#include "thole.h"

/** Rows of an option table, for the struct thole_terminal_options at @offset. */
#define TERMINAL_OPTIONS(offset)                                                                 \
    OPTION_ROW("detach-keys", 0, OPTION_STRING,                                                  \
               (offset) + offsetof(struct thole_terminal_options, detach_keys), "KEYS",          \
               "keys that leave the session and let the program go on (default: ctrl-p,ctrl-q; " \
               "\"none\": there are none)"),                                                     \
        OPTION_ROW("log", 0, OPTION_STRING,                                                      \
                   (offset) + offsetof(struct thole_terminal_options, log_file), "FILE",         \
                   "append all that appears on the terminal to FILE"),                           \
        OPTION_ROW("record", 0, OPTION_STRING,                                                   \
                   (offset) + offsetof(struct thole_terminal_options, record_file), "FILE",      \
                   "record the terminal to FILE, as an asciicast for replay")

/** Fills in the defaults. */
static inline void terminal_options_complete(struct thole_terminal_options *options) {
    if (options->detach_keys == NULL)
        options->detach_keys = "ctrl-p,ctrl-q";
}
