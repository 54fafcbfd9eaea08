/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that double. */
#include "oci-spec/append.h"

#include <string.h>

/* Full at 0 and at the powers of two; behind the last element there is always a zeroed one. */
void *oci_list_grow(struct arena *arena, void *items, size_t count, size_t size) {
    if (items != NULL && (count & (count - 1)) != 0)
        return items;
    void *larger = arena_array(arena, 2 * count + 2, size);
    if (items != NULL)
        memcpy(larger, items, count * size);
    return larger;
}

void oci_strings_add(struct arena *arena, struct oci_strings *strings, const char *word) {
    *oci_list_add(arena, strings) = arena_strdup(arena, word);
}
