/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of one JSON number or string to a member of a C struct. Internal to oci-spec. */
#pragma once

#include "base/arena.h"
#include "oci-spec/fields.h"

/** Why a value was refused, to be read behind its JSON pointer. */
struct oci_fault {
    char text[512];
};

/** Refuses what can never be right in a string: too long, not UTF-8, a NUL in it. */
bool oci_value_sound(const char *text, size_t length, struct oci_fault *fault);

/** Stores a number of @kind at @memory if it is whole and within the range of @field. */
bool oci_value_number(const struct oci_field *field, enum oci_kind kind, void *memory,
                      const char *text, size_t length, struct oci_fault *fault);

/** Stores a copy of a sound string (an enum its value) at @memory if the checks of @field agree. */
bool oci_value_string(const struct oci_field *field, enum oci_kind kind, void *memory,
                      const char *text, size_t length, struct arena *arena,
                      struct oci_fault *fault);
