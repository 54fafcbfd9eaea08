/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the text of a document a JSON pointer leads. */
#pragma once

#include <stddef.h>

/** Both from 1 on; a column is a byte. */
struct oci_position {
    size_t line;
    size_t column;
};

/** The position of the byte at @offset. */
struct oci_position oci_position_at(const char *json, size_t offset);

/**
 * Where the name of the member stands that @pointer leads to, or the element of a list; where there
 * is none, the last one on the way to it. What cannot be read of @json is not there.
 */
struct oci_position oci_position_find(const char *json, size_t length, const char *pointer);
