/* SPDX-License-Identifier: Apache-2.0 */
#include "oci-spec/pairs.h"

#include <string.h>

#include "oci-spec/append.h"

const char *oci_pairs_find(const struct oci_pairs *pairs, const char *key) {
    for (size_t i = pairs->count; i > 0; i--) {
        if (strcmp(pairs->items[i - 1].key, key) == 0)
            return pairs->items[i - 1].value;
    }
    return NULL;
}

void oci_pairs_set(struct arena *arena, struct oci_pairs *pairs, const char *key,
                   const char *value) {
    size_t kept = 0;
    for (size_t i = 0; i < pairs->count; i++) {
        if (strcmp(pairs->items[i].key, key) != 0)
            pairs->items[kept++] = pairs->items[i];
    }
    pairs->count = kept;
    *oci_items_add(arena, pairs->items, pairs->count) =
        (struct oci_pair){arena_strdup(arena, key), arena_strdup(arena, value)};
}
