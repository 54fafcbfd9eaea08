/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of words in one string, as the kernel and tables of options have them: "cpu,cpuacct", "cpu
 * memory pids", "table|json". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** True if @list, words separated by commas, bars or white space, has the word @word of @length
 * bytes. */
bool words_have(const char *list, const char *word, size_t length);

/** Takes the next word of a list at @list; false at its end. */
bool words_next(const char **list, const char **ret_word, size_t *ret_length);

/** Takes the next word of a list at @list if it is a decimal number; false at its end or if not. */
bool words_next_uint(const char **list, uint64_t *ret_number);
