/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines as lists of words: without anything else a shell does. */
#include "lxc/convert/words.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

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
        oci_strings_add(arena, ret_words, word.data);
    }
    if (ret_words->count == 0)
        return error_config(err, where, "no command");
    return 0;
}
