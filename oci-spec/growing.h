/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that grow in an arena while they are read. Internal to oci-spec. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

/** Begins like every list in spec.h: oci_growing_store() copies the first members there. */
struct oci_growing {
    struct {
        void *items;
        size_t count;
        bool set;
    } list;
    size_t capacity;
    size_t element_size;
};

/** Returns a new zeroed element. Behind the last one there is always another zeroed one. */
void *oci_growing_add(struct oci_growing *growing, struct arena *arena);

/** Takes the newest element back. */
void oci_growing_drop(struct oci_growing *growing);

/**
 * For elements that begin with `char *key`: of those with equal keys the last one stays, the order
 * is kept. Returns one of the keys that were there more than once, or NULL.
 */
const char *oci_growing_drop_duplicates(struct oci_growing *growing, struct arena *arena);

/** Copies the finished list to @target, which has room for @size bytes of it. */
void oci_growing_store(struct oci_growing *growing, struct arena *arena, void *target, size_t size);
