/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that double, so that reading n entries copies less than 2n. */
#include "oci-spec/growing.h"

#include <stdlib.h>
#include <string.h>

#include "oci-spec/spec.h"

typedef OCI_LIST(char) any_list;
_Static_assert(offsetof(any_list, count) == offsetof(struct oci_strings, count) &&
                   offsetof(any_list, count) == offsetof(struct oci_pairs, count) &&
                   offsetof(any_list, set) == offsetof(struct oci_strings, set),
               "all lists begin alike");

static char *element(const struct oci_growing *growing, size_t index) {
    return (char *)growing->list.items + index * growing->element_size;
}

/* Room for the elements there are, one more, and a zeroed one behind. */
static void reserve(struct oci_growing *growing, struct arena *arena) {
    if (growing->list.count + 1 < growing->capacity)
        return;
    size_t capacity = growing->capacity == 0 ? 4 : growing->capacity * 2;
    void *items = arena_array(arena, capacity, growing->element_size);
    if (growing->list.count > 0)
        memcpy(items, growing->list.items, growing->list.count * growing->element_size);
    growing->list.items = items;
    growing->capacity = capacity;
}

void *oci_growing_add(struct oci_growing *growing, struct arena *arena) {
    reserve(growing, arena);
    return element(growing, growing->list.count++);
}

void oci_growing_drop(struct oci_growing *growing) {
    growing->list.count--;
    memset(element(growing, growing->list.count), 0, growing->element_size);
}

static const char *key_of(const void *entry) {
    return *(char *const *)entry;
}

/* By key, and among equal keys by position. */
static int compare_entries(const void *a, const void *b) {
    const void *const *left = a;
    const void *const *right = b;
    int order = strcmp(key_of(*left), key_of(*right));
    if (order != 0)
        return order;
    return (*left > *right) - (*left < *right);
}

const char *oci_growing_drop_duplicates(struct oci_growing *growing, struct arena *arena) {
    const size_t count = growing->list.count;
    const char *twice = NULL;
    if (count < 2)
        return NULL;
    void **sorted = arena_array(arena, count, sizeof(void *));
    for (size_t i = 0; i < count; i++)
        sorted[i] = element(growing, i);
    qsort(sorted, count, sizeof(void *), compare_entries);
    for (size_t i = 0; i + 1 < count; i++) {
        if (strcmp(key_of(sorted[i]), key_of(sorted[i + 1])) == 0) {
            twice = key_of(sorted[i + 1]);
            *(char **)sorted[i] = NULL;
        }
    }

    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (key_of(element(growing, i)) == NULL)
            continue;
        if (kept != i)
            memcpy(element(growing, kept), element(growing, i), growing->element_size);
        kept++;
    }
    growing->list.count = kept;
    return twice;
}

void oci_growing_store(struct oci_growing *growing, struct arena *arena, void *target,
                       size_t size) {
    reserve(growing, arena);
    growing->list.set = true;
    memcpy(target, &growing->list, size < sizeof(growing->list) ? size : sizeof(growing->list));
}
