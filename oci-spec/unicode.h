/* SPDX-License-Identifier: Apache-2.0 */
/* What yajl leaves open about characters, and text that is safe to print. Internal to oci-spec. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/** RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF; and no NUL. */
bool oci_unicode_valid(const char *text, size_t length);

/** Offset of the first \uXXXX escape that is half of a surrogate pair, or @length. */
size_t oci_unicode_lone_surrogate(const char *json, size_t length);

/**
 * Copies what fits of @length bytes to @target (@size bytes with the terminator): whole characters
 * only, control characters as \u001b. With @pointer also ~ and / as RFC 6901 wants. Returns how
 * many bytes of @text were copied.
 */
size_t oci_unicode_copy(char *target, size_t size, const char *text, size_t length, bool pointer);

/** @text in double quotes, cut if it is long. Used as an argument: oci_unicode_quote(...).text */
struct oci_quote {
    char text[80];
};
struct oci_quote oci_unicode_quote(const char *text, size_t length);
