/* SPDX-License-Identifier: Apache-2.0 */
/* Text of strangers for a terminal: what the terminal would obey becomes visible instead. */
#pragma once

#include <stddef.h>

#include "base/text.h"

/** A character whose bytes have not all come yet; zero-initialise to use, one for each stream. */
struct visible {
    unsigned char bytes[4];
    size_t count;
};

/**
 * Appends @length bytes of a line: printable characters of UTF-8 and tabs as they are, control
 * characters as cat -v shows them ("^["), "?" for other control characters and for what is no
 * UTF-8.
 */
void visible_append(struct visible *visible, struct text *text, const char *bytes, size_t length);

/** The line has ended: what has begun and not been completed is a "?". */
void visible_end(struct visible *visible, struct text *text);
