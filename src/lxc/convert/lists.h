/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of oci-spec/spec.h that grow in an arena, and lists of words out of a line. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "oci-spec/spec.h"

void *lxc_list_grow(struct arena *arena, void *items, size_t count, size_t size)
    __attribute__((returns_nonnull));

/** Adds a zeroed element to a list of @items and @count, and returns it. */
#define lxc_items_add(arena, items, count) \
    ((items) = lxc_list_grow((arena), (items), (count), sizeof(*(items))), &(items)[(count)++])

/** The same for a list of spec.h. */
#define lxc_list_add(arena, list) \
    ((list)->set = true, lxc_items_add((arena), (list)->items, (list)->count))

/** Adds a copy of @word. */
void lxc_strings_add(struct arena *arena, struct oci_strings *strings, const char *word);

/** Splits a command line as a shell does: blanks, both kinds of quotes, backslashes. */
int lxc_words_split(struct arena *arena, const char *text, const char *where,
                    struct oci_strings *ret_words, struct thole_error *err);
