/* SPDX-License-Identifier: Apache-2.0 */
/* Strict UTF-8, surrogate escapes, and text that is safe to print. */
#include "oci-spec/unicode.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Bytes of the character at @text, 0 if it is not valid. NUL counts as invalid. */
static size_t character_length(const unsigned char *text, size_t left) {
    static const struct {
        unsigned char lead_first, lead_last;     /* of the first byte */
        unsigned char second_first, second_last; /* of the second; the others are 80..BF */
        unsigned char length;
    } forms[] = {
        {0x01, 0x7F, 0, 0, 1},       {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (text[0] < forms[i].lead_first || text[0] > forms[i].lead_last)
            continue;
        if (forms[i].length == 1)
            return 1;
        if (left < forms[i].length || text[1] < forms[i].second_first ||
            text[1] > forms[i].second_last)
            return 0;
        for (size_t k = 2; k < forms[i].length; k++) {
            if ((text[k] & 0xC0) != 0x80)
                return 0;
        }
        return forms[i].length;
    }
    return 0;
}

/* Eight bytes of plain ASCII without a NUL. */
static bool is_plain(const char *text) {
    uint64_t word;
    memcpy(&word, text, sizeof(word));
    const uint64_t high = UINT64_C(0x8080808080808080);
    return ((word | (word - UINT64_C(0x0101010101010101))) & high) == 0;
}

bool oci_unicode_valid(const char *text, size_t length) {
    for (size_t i = 0; i < length;) {
        if (length - i >= sizeof(uint64_t) && is_plain(text + i)) {
            i += sizeof(uint64_t);
            continue;
        }
        size_t step = character_length((const unsigned char *)text + i, length - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

/* The escape \uD800 to \uDBFF (@high) or \uDC00 to \uDFFF is at @text. */
static bool is_surrogate(const char *text, size_t left, bool high) {
    return left >= 6 && text[0] == '\\' && text[1] == 'u' && (text[2] == 'd' || text[2] == 'D') &&
           strchr(high ? "89abAB" : "cdefCDEF", text[3]) != NULL && text[3] != '\0';
}

size_t oci_unicode_lone_surrogate(const char *json, size_t length) {
    const char *end = json + length;
    for (const char *at = json; (at = memchr(at, '\\', (size_t)(end - at))) != NULL;) {
        size_t left = (size_t)(end - at);
        bool high = is_surrogate(at, left, true);
        bool paired = high && is_surrogate(at + 6, left - 6, false);
        if ((high && !paired) || is_surrogate(at, left, false))
            return length - left;
        size_t step = paired ? 12 : 2;
        at += step < left ? step : left;
    }
    return length;
}

/* Writes the printable form of one character to @target (8 bytes); returns its length. */
static size_t printable(char *target, const unsigned char *character, size_t length, bool pointer) {
    unsigned code = character[0];
    if (length == 2 && code == 0xC2)
        code = character[1]; /* U+0080 to U+00BF */
    bool control = length <= 2 && (code < 0x20 || (code >= 0x7F && code < 0xA0));
    if (control)
        return (size_t)snprintf(target, 8, "\\u%04x", code & 0xFFU);
    if (pointer && (code == '~' || code == '/'))
        return (size_t)snprintf(target, 8, "~%d", code == '/');
    memcpy(target, character, length);
    return length;
}

size_t oci_unicode_copy(char *target, size_t size, const char *text, size_t length, bool pointer) {
    size_t used = 0;
    size_t copied = 0;
    while (copied < length) {
        const unsigned char *character = (const unsigned char *)text + copied;
        size_t step = character_length(character, length - copied);
        char form[8] = "?"; /* stands for a byte that is no character */
        size_t needed = step == 0 ? 1 : printable(form, character, step, pointer);
        if (used + needed + 1 > size)
            break;
        memcpy(target + used, form, needed);
        used += needed;
        copied += step == 0 ? 1 : step;
    }
    if (size > 0)
        target[used] = '\0';
    return copied;
}

struct oci_quote oci_unicode_quote(const char *text, size_t length) {
    struct oci_quote quote = {"\""};
    size_t copied = oci_unicode_copy(quote.text + 1, sizeof(quote.text) - 5, text, length, false);
    strcat(quote.text, copied < length ? "...\"" : "\"");
    return quote;
}
