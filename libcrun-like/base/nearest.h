/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the known words did somebody mean who misspelt one? */
#pragma once

#include <stddef.h>

/** Start with the misspelt word (not terminated, @length of it); @best is the answer, or NULL. */
struct nearest {
    const char *word;
    size_t length;
    const char *best;
    size_t distance;
};

/** @known becomes the best if it is nearer than what was offered before, and near at all. */
void nearest_offer(struct nearest *nearest, const char *known);
