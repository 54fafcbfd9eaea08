/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of spec.h that grow in an arena, for those who write configurations. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "oci-spec/spec.h"

void *oci_list_grow(struct arena *arena, void *items, size_t count, size_t size)
    __attribute__((returns_nonnull));

/** Adds a zeroed element to a list of @items and @count, and returns it. */
#define oci_items_add(arena, items, count) \
    ((items) = oci_list_grow((arena), (items), (count), sizeof(*(items))), &(items)[(count)++])

/** The same for a list of spec.h. */
#define oci_list_add(arena, list) \
    ((list)->set = true, oci_items_add((arena), (list)->items, (list)->count))

/** Adds a copy of @word. */
void oci_strings_add(struct arena *arena, struct oci_strings *strings, const char *word);
