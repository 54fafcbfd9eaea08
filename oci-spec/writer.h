/* SPDX-License-Identifier: Apache-2.0 */
/* The engine that writes any document by its table. */
#pragma once

#include <stdbool.h>

#include "base/text.h"
#include "oci-spec/fields.h"

/** Returns @object, a struct of @type, as malloc'ed JSON in the order of the table's rows. */
char *oci_write(const struct oci_type *type, const void *object, int indent);

/* For those who write something else by a table. @memory is that of a member. */

/** True for what goes without saying. */
bool oci_is_absent(const struct oci_field *field, const void *memory);

/** Elements of a list or a map. */
struct oci_elements {
    const char *items;
    size_t count;
};
struct oci_elements oci_elements_of(const struct oci_field *field, const void *memory);

/** Appends what is one word: a string, a number, true or false, or the element @index of a list. */
void oci_append_word(struct text *text, const struct oci_field *field, const void *memory,
                     size_t index);
