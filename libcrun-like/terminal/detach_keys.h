/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that leave a session and let the program go on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { DETACH_KEYS_MAX = 16 };

/** Zero-initialised: none. */
struct terminal_detach_keys {
    char bytes[DETACH_KEYS_MAX];
    size_t count;
    bool doubled;   /* the first one typed twice is that key itself, once */
    size_t matched; /* this many of them have been typed in a row; they are held back */
};

/**
 * Reads "ctrl-p,ctrl-q" or "~,.": single characters, or ctrl- with a letter or one of @[\]^_,
 * separated by commas. NULL and "none" are no keys at all.
 */
int terminal_detach_keys_parse(const char *text, struct terminal_detach_keys *ret_keys,
                               struct thole_error *err);

/**
 * Takes the keys out of @length bytes that were typed, in place. What turns out not to be the whole
 * sequence comes back, so that @bytes needs room for DETACH_KEYS_MAX more. Returns true once the
 * sequence is complete; what was typed before it is left in @bytes.
 */
bool terminal_detach_keys_filter(struct terminal_detach_keys *keys, char *bytes, size_t *length);
