/* SPDX-License-Identifier: Apache-2.0 */
/* The keys that leave a session and let the program go on. */
#include "terminal/detach_keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONTROL_PREFIX = 5 }; /* "ctrl-" */

static bool parse_key(const char *text, size_t length, char *ret_byte) {
    if (length == 1) {
        *ret_byte = text[0];
        return true;
    }
    if (length != CONTROL_PREFIX + 1 || strncasecmp(text, "ctrl-", CONTROL_PREFIX) != 0)
        return false;
    const int key = toupper((unsigned char)text[CONTROL_PREFIX]);
    if (key < '@' || key > '_')
        return false;
    *ret_byte = (char)(key - '@');
    return true;
}

int terminal_detach_keys_parse(const char *text, struct terminal_detach_keys *ret_keys,
                               struct thole_error *err) {
    struct terminal_detach_keys keys = {0};
    if (text == NULL || strcmp(text, "none") == 0) {
        *ret_keys = keys;
        return 0;
    }
    for (const char *at = text;; at++) {
        const size_t length = strcspn(at, ",");
        if (keys.count == DETACH_KEYS_MAX || !parse_key(at, length, &keys.bytes[keys.count]))
            return error_set(err, THOLE_ERROR_USAGE, 0, NULL,
                             "detach keys %s are not of the form ctrl-p,ctrl-q", text);
        keys.count++;
        at += length;
        if (*at == '\0')
            break;
    }
    *ret_keys = keys;
    return 0;
}

/* The longest end of what was typed, the held-back keys and @byte, that begins the sequence. */
static size_t longest_begin(const struct terminal_detach_keys *keys, char byte) {
    char typed[DETACH_KEYS_MAX + 1];
    memcpy(typed, keys->bytes, keys->matched);
    typed[keys->matched] = byte;
    for (size_t length = keys->matched + 1; length > 0; length--) {
        if (length <= keys->count &&
            memcmp(typed + keys->matched + 1 - length, keys->bytes, length) == 0)
            return length;
    }
    return 0;
}

static bool is_doubled(const struct terminal_detach_keys *keys, char byte) {
    return keys->doubled && keys->matched == 1 && byte == keys->bytes[0];
}

bool terminal_detach_keys_filter(struct terminal_detach_keys *keys, char *bytes, size_t *length) {
    if (keys->count == 0 || *length == 0)
        return false;
    char *typed = malloc(*length);
    if (typed == NULL)
        return false;
    const size_t count = *length;
    bool complete = false;
    size_t out = 0;
    memcpy(typed, bytes, count);
    for (size_t i = 0; i < count && !complete; i++) {
        if (is_doubled(keys, typed[i])) {
            bytes[out++] = typed[i];
            keys->matched = 0;
            continue;
        }
        const size_t begin = longest_begin(keys, typed[i]);
        for (size_t j = 0; j < keys->matched + 1 - begin; j++)
            bytes[out++] = j < keys->matched ? keys->bytes[j] : typed[i];
        keys->matched = begin;
        complete = begin == keys->count;
    }
    free(typed);
    if (complete)
        keys->matched = 0;
    *length = out;
    return complete;
}
