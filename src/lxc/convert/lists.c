/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that double, and command lines as lists of words: without anything else a shell does. */
#include "lxc/convert/lists.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

/* Full at 0 and at the powers of two; behind the last element there is always a zeroed one. */
void *lxc_list_grow(struct arena *arena, void *items, size_t count, size_t size) {
    if (items != NULL && (count & (count - 1)) != 0)
        return items;
    void *larger = arena_array(arena, 2 * count + 2, size);
    if (items != NULL)
        memcpy(larger, items, count * size);
    return larger;
}

void lxc_strings_add(struct arena *arena, struct oci_strings *strings, const char *word) {
    *lxc_list_add(arena, strings) = arena_strdup(arena, word);
}

/* Takes one word off @rest; false if a quote is not closed. */
static bool take_word(const char **rest, struct text *word) {
    const char *at = *rest;
    char quote = '\0';
    text_append(word, "");
    for (; *at != '\0'; at++) {
        if (quote == '\0' && strchr(" \t\n", *at) != NULL)
            break;
        if (*at == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*at == '\'' || *at == '"')) {
            quote = *at;
        } else {
            if (*at == '\\' && quote != '\'' && at[1] != '\0')
                at++;
            text_append_bytes(word, at, 1);
        }
    }
    *rest = at;
    return quote == '\0';
}

int lxc_words_split(struct arena *arena, const char *text, const char *where,
                    struct oci_strings *ret_words, struct thole_error *err) {
    *ret_words = (struct oci_strings){0};
    for (const char *rest = text + strspn(text, " \t\n"); *rest != '\0';
         rest += strspn(rest, " \t\n")) {
        cleanup_text struct text word = {0};
        if (!take_word(&rest, &word))
            return error_config(err, where, "a quote is not closed");
        lxc_strings_add(arena, ret_words, word.data);
    }
    if (ret_words->count == 0)
        return error_config(err, where, "no command");
    return 0;
}
