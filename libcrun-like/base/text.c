/* SPDX-License-Identifier: Apache-2.0 */
/* Growable strings and strict number parsing. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for @more bytes and the terminator. */
static void reserve(struct text *text, size_t more) {
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity)
        return;
    size_t capacity = text->capacity == 0 ? 256 : text->capacity * 2;
    if (capacity < needed)
        capacity = needed;
    char *data = realloc(text->data, capacity);
    if (data == NULL)
        abort();
    text->data = data;
    text->capacity = capacity;
}

void text_append_bytes(struct text *text, const void *bytes, size_t length) {
    reserve(text, length);
    if (length > 0)
        memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_append(struct text *text, const char *string) {
    text_append_bytes(text, string, strlen(string));
}

void text_appendf(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        abort();

    reserve(text, (size_t)length);
    va_start(arguments, format);
    (void)vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

void text_append_json(struct text *text, const char *string) {
    text_append(text, "\"");
    for (const unsigned char *at = (const unsigned char *)string; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            text_appendf(text, "\\%c", *at);
        else if (*at == '\n')
            text_append(text, "\\n");
        else if (*at < 0x20 || *at == 0x7f)
            text_appendf(text, "\\u%04x", *at);
        else
            text_append_bytes(text, at, 1);
    }
    text_append(text, "\"");
}

char *text_take(struct text *text) {
    reserve(text, 0);
    text->data[text->length] = '\0';
    char *result = text->data;
    *text = (struct text){0};
    return result;
}

void text_done(struct text *text) {
    free(text->data);
    *text = (struct text){0};
}

bool text_parse_int(const char *string, int64_t minimum, int64_t maximum, int64_t *ret_value) {
    const char *digits = string[0] == '-' ? string + 1 : string;
    if (!isdigit((unsigned char)digits[0]))
        return false;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(string, &end, 10);
    if (errno != 0 || *end != '\0' || value < minimum || value > maximum)
        return false;
    *ret_value = value;
    return true;
}

bool text_parse_uint(const char *string, uint64_t maximum, uint64_t *ret_value) {
    if (!isdigit((unsigned char)string[0]))
        return false;
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(string, &end, 10);
    if (errno != 0 || *end != '\0' || value > maximum)
        return false;
    *ret_value = value;
    return true;
}

static bool take_number(const char **at, uint64_t *ret_number) {
    char *end = NULL;
    *at += strspn(*at, " ");
    if (!isdigit((unsigned char)**at))
        return false;
    *ret_number = strtoull(*at, &end, 10);
    *at = end + strspn(end, " ");
    return *ret_number <= TEXT_RANGE_MAX;
}

bool text_take_range(const char **list, uint64_t *ret_first, uint64_t *ret_last) {
    const char *at = *list;
    bool good = take_number(&at, ret_first);
    *ret_last = *ret_first;
    if (good && *at == '-') {
        at++;
        good = take_number(&at, ret_last) && *ret_first <= *ret_last;
    }
    if (!good || (*at != ',' && *at != '\0'))
        return false;
    *list = at + (*at == ',');
    return true;
}

bool text_starts_with(const char *string, const char *prefix) {
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool text_ends_with(const char *string, const char *suffix) {
    size_t length = strlen(string);
    size_t tail = strlen(suffix);
    return length >= tail && strcmp(string + length - tail, suffix) == 0;
}

bool text_is_one_of(const char *word, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

bool text_next_line(const char **rest, const char **ret_line, size_t *ret_length) {
    if (**rest == '\0')
        return false;
    *ret_line = *rest;
    *ret_length = strcspn(*rest, "\n");
    *rest += *ret_length;
    *rest += **rest == '\n';
    return true;
}

bool text_equal(const char *a, const char *b) {
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

void text_make_plain(char *text) {
    unsigned char before = 0;
    for (unsigned char *at = (unsigned char *)text; *at != '\0'; before = *at++) {
        bool c1 = before == 0xc2 && *at >= 0x80 && *at < 0xa0;
        if (*at == '\n' || *at == '\r' || *at == '\t')
            *at = ' ';
        else if (*at < ' ' || *at == 0x7f || c1)
            *at = '?';
        if (c1)
            at[-1] = '?';
    }
}
