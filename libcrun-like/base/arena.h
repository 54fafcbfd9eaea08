/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocator: a spec or a plan lives in one arena and is freed in one call. */
#pragma once

#include <stddef.h>

struct arena_block;

/** Zero-initialise to use; arena_done() releases everything allocated from it. */
struct arena {
    struct arena_block *newest;
};

/** Makes the first block of an empty arena that is to hold little, and to be one of many. */
void arena_begin_small(struct arena *arena);

/**
 * Returns @size zeroed bytes aligned for any type, owned by @arena. Never NULL: input sizes are
 * bounded before they get here, so running out of memory aborts.
 */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));

/** Zeroed array of @count elements; an overflowing product aborts. */
void *arena_array(struct arena *arena, size_t count, size_t size) __attribute__((returns_nonnull));

#define arena_new(arena, type) ((type *)arena_alloc(arena, sizeof(type)))
#define arena_new_array(arena, count, type) ((type *)arena_array(arena, count, sizeof(type)))

/** Copies of strings, owned by @arena. */
char *arena_strdup(struct arena *arena, const char *string) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *arena, const char *string, size_t length)
    __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

void arena_done(struct arena *arena);

#define cleanup_arena __attribute__((cleanup(arena_done)))
