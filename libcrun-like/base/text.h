/* SPDX-License-Identifier: Apache-2.0 */
/* A growable, always terminated string, and the strict number parsers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zero-initialise to use. @data is NULL until the first append. */
struct text {
    char *data;
    size_t length;
    size_t capacity;
};

void text_append(struct text *text, const char *string);
void text_append_bytes(struct text *text, const void *bytes, size_t length);
void text_appendf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Appends @string in quotes, as JSON writes it. */
void text_append_json(struct text *text, const char *string);

/** Returns the string (never NULL; malloc'ed) and leaves @text empty. */
char *text_take(struct text *text);
void text_done(struct text *text);

enum { TEXT_RANGE_MAX = 8191 }; /* of CPUs and memory nodes: CONFIG_NR_CPUS goes no further */

#define cleanup_text __attribute__((cleanup(text_done)))

/** Whole string is a decimal number within [minimum, maximum]; no sign for unsigned, no blanks. */
bool text_parse_int(const char *string, int64_t minimum, int64_t maximum, int64_t *ret_value);
bool text_parse_uint(const char *string, uint64_t maximum, uint64_t *ret_value);

/** Takes "3," or "0-3," off a @list as in cpuset(7); false at its end and, before it, at a mistake.
 */
bool text_take_range(const char **list, uint64_t *ret_first, uint64_t *ret_last);

bool text_starts_with(const char *string, const char *prefix);
bool text_ends_with(const char *string, const char *suffix);

/** True if @word is among the @count @words. */
bool text_is_one_of(const char *word, const char *const *words, size_t count);

/** Takes the next line, without its line break, of the text at @rest; false at its end. */
bool text_next_line(const char **rest, const char **ret_line, size_t *ret_length);

/** Same string, or both NULL. */
bool text_equal(const char *a, const char *b);

/**
 * Makes one harmless line of @text: blanks for line ends and tabs, question marks for what a
 * terminal would take for a command (control characters, also those of UTF-8).
 */
void text_make_plain(char *text);
