/* SPDX-License-Identifier: Apache-2.0 */
/* Words between blanks, commas, bars and line breaks. */
#include "base/words.h"

#include <string.h>

static const char separators[] = ",| \t\n";

bool words_next(const char **list, const char **ret_word, size_t *ret_length) {
    const char *start = *list + strspn(*list, separators);
    size_t length = strcspn(start, separators);
    if (length == 0)
        return false;
    *ret_word = start;
    *ret_length = length;
    *list = start + length;
    return true;
}

bool words_have(const char *list, const char *word, size_t length) {
    const char *at = NULL;
    size_t at_length = 0;
    while (words_next(&list, &at, &at_length)) {
        if (at_length == length && memcmp(at, word, length) == 0)
            return true;
    }
    return false;
}
