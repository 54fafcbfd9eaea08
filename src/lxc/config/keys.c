/* SPDX-License-Identifier: Apache-2.0 */
/* Looking names up in the table of keys. */
#include "lxc/config/keys.h"

#include <ctype.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

enum { PREFIX_LENGTH = sizeof("lxc.") - 1 };

/* The number at @name that an N stands for: its length, 0 if it is none. */
static size_t number_at(const char *name, unsigned *ret_number) {
    size_t length = strspn(name, "0123456789");
    uint64_t number = 0;
    char digits[11];
    if (length == 0 || length >= sizeof(digits))
        return 0;
    memcpy(digits, name, length);
    digits[length] = '\0';
    if (!text_parse_uint(digits, UINT32_MAX, &number))
        return 0;
    *ret_number = (unsigned)number;
    return length;
}

static bool is_number_place(const char *pattern, const char *at) {
    return *at == 'N' && at > pattern && at[-1] == '.';
}

static bool matches(const char *pattern, const char *name, struct lxc_key_match *match) {
    const char *rest = name;
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '*') {
            match->detail = rest;
            return rest[0] != '\0';
        }
        if (is_number_place(pattern, at)) {
            size_t length = number_at(rest, &match->index);
            if (length == 0)
                return false;
            rest += length;
        } else if (at[0] == '.' && at[1] == '*' && rest[0] == '\0') {
            return true;
        } else if (*rest++ != *at) {
            return false;
        }
    }
    return rest[0] == '\0';
}

bool lxc_key_find(const char *name, struct lxc_key_match *ret_match) {
    for (const struct lxc_key *key = lxc_keys; key->name != NULL; key++) {
        struct lxc_key_match match = {.key = key, .detail = ""};
        if (matches(key->name, name, &match)) {
            *ret_match = match;
            return true;
        }
    }
    return false;
}

bool lxc_key_is_group(const char *name) {
    for (const struct lxc_key *key = lxc_keys; key->name != NULL; key++) {
        const char *rest = name;
        const char *at = key->name;
        unsigned number = 0;
        while (*at != '\0' && *rest != '\0') {
            size_t length = is_number_place(key->name, at) ? number_at(rest, &number)
                            : *at == *rest                 ? 1
                                                           : 0;
            if (length == 0)
                break;
            rest += length;
            at++;
        }
        if (*rest == '\0' && *at == '.')
            return true;
    }
    return false;
}

/* @pattern with the number and the rest that @name has in these places; NULL: it has not. */
static const char *fill_in(const char *pattern, const char *name, struct arena *arena) {
    cleanup_text struct text text = {0};
    const char *part = name; /* the part of @name that stands where @at is in the pattern */
    for (const char *at = pattern; *at != '\0'; at++) {
        unsigned number = 0;
        if (*at == '*') {
            text_append(&text, part);
        } else if (is_number_place(pattern, at)) {
            size_t length = number_at(part, &number);
            if (length == 0)
                return NULL;
            text_append_bytes(&text, part, length);
        } else {
            text_append_bytes(&text, at, 1);
        }
        if (*at == '.') {
            part = strchr(part, '.');
            if (part == NULL)
                part = "";
            else
                part++;
        }
    }
    return arena_strdup(arena, text.data);
}

const char *lxc_key_nearest(const char *name, struct arena *arena) {
    if (!text_starts_with(name, "lxc."))
        return NULL;
    /* What all of them begin with does not make them similar. */
    struct nearest nearest = {.word = name + PREFIX_LENGTH, .length = strlen(name + PREFIX_LENGTH)};
    for (const struct lxc_key *key = lxc_keys; key->name != NULL; key++) {
        const char *meant = fill_in(key->name, name, arena);
        if (meant != NULL)
            nearest_offer(&nearest, meant + PREFIX_LENGTH);
    }
    return nearest.best != NULL ? nearest.best - PREFIX_LENGTH : NULL;
}
