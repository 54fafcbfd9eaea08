/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and values, as annotations are. */
#pragma once

#include "base/arena.h"
#include "oci-spec/spec.h"

/** The value of @key, or NULL. Of two the last one counts, as JSON readers have it. */
const char *oci_pairs_find(const struct oci_pairs *pairs, const char *key);

/** Gives @key this value, in place of all that it had; both are copied. */
void oci_pairs_set(struct arena *arena, struct oci_pairs *pairs, const char *key,
                   const char *value);
