/* SPDX-License-Identifier: Apache-2.0 */
/* Text for terminals of 80 columns. */
#pragma once

#include <stddef.h>

#include "base/text.h"

/** The widest left column of a list; what is wider has a line of its own. */
enum { WRAPPED_LEFT_MAX = 32 };

/**
 * Appends the words of @string in lines that begin at @column; the first one is already there. An
 * empty line in it stays, its other line breaks count as blanks.
 */
void wrapped_append(struct text *text, const char *string, size_t column);

/** Appends @paragraphs, where a line break ends a paragraph. */
void wrapped_append_paragraphs(struct text *text, const char *paragraphs);

/** Appends an entry of a list: @left, and the words of @right from @column on. */
void wrapped_append_entry(struct text *text, const char *left, const char *right, size_t column);
