/* SPDX-License-Identifier: Apache-2.0 */
/* Breaking lines between words. */
#include "cli/wrapped.h"

#include <string.h>

enum { WIDTH = 80, GAP = 2 };

void wrapped_append(struct text *text, const char *string, size_t column) {
    size_t at = column;
    for (const char *word = string; *word != '\0';) {
        size_t length = strcspn(word, " \n");
        if (at > column && at + 1 + length > WIDTH) {
            text_appendf(text, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            text_append(text, " ");
            at++;
        }
        text_append_bytes(text, word, length);
        at += length;
        word += length;
        if (text_starts_with(word, "\n\n")) {
            text_appendf(text, "\n\n%*s", (int)column, "");
            at = column;
        }
        word += strspn(word, " \n");
    }
    text_append(text, "\n");
}

void wrapped_append_paragraphs(struct text *text, const char *paragraphs) {
    const char *line = NULL;
    size_t length = 0;
    while (text_next_line(&paragraphs, &line, &length)) {
        cleanup_text struct text words = {0};
        text_append_bytes(&words, line, length);
        wrapped_append(text, length > 0 ? words.data : "", 0);
    }
}

void wrapped_append_entry(struct text *text, const char *left, const char *right, size_t column) {
    const size_t length = strlen(left);
    text_append(text, left);
    if (length + GAP > column)
        text_appendf(text, "\n%*s", (int)column, "");
    else
        text_appendf(text, "%*s", (int)(column - length), "");
    wrapped_append(text, right, column);
}
