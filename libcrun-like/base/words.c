/* SPDX-License-Identifier: Apache-2.0 */
/* Words between blanks, commas, bars and line breaks. */
#include "base/words.h"

#include <string.h>

#include "base/text.h"

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

bool words_next_uint(const char **list, uint64_t *ret_number) {
    char digits[sizeof("18446744073709551615")];
    const char *word = NULL;
    size_t length = 0;
    if (!words_next(list, &word, &length) || length >= sizeof(digits))
        return false;
    memcpy(digits, word, length);
    digits[length] = '\0';
    return text_parse_uint(digits, UINT64_MAX, ret_number);
}
