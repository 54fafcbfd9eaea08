/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of words out of a line. */
#pragma once

#include "oci-spec/append.h"

/** Splits a command line as a shell does: blanks, both kinds of quotes, backslashes. */
int lxc_words_split(struct arena *arena, const char *text, const char *where,
                    struct oci_strings *ret_words, struct thole_error *err);
