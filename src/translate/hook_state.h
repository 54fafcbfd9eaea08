/* SPDX-License-Identifier: Apache-2.0 */
/* What a hook is told on its standard input (runtime-spec "State"). */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "oci-spec/spec.h"

/** Reads it from standard input. */
int translate_read_state(struct arena *arena, struct oci_state **ret_state,
                         struct thole_error *err);

/** The value of an annotation, or NULL. */
const char *translate_annotation(const struct oci_state *state, const char *key);
