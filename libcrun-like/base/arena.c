/* SPDX-License-Identifier: Apache-2.0 */
/* Bump allocation out of a chain of blocks that double in size. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *older;
    size_t size;
    size_t used;
    alignas(max_align_t) char bytes[];
};

/* Small enough for what has little to keep: each start of a block is a page of its own. */
enum { SMALL_BLOCK = 512, FIRST_BLOCK = 4 * 1024, LARGEST_DOUBLING = 1024 * 1024 };

static struct arena_block *add_block(struct arena *arena, size_t size) {
    /* Not calloc(): each page is touched only when it is used. */
    struct arena_block *block = malloc(sizeof(*block) + size);
    if (block == NULL)
        abort();
    block->used = 0;
    block->size = size;
    block->older = arena->newest;
    arena->newest = block;
    return block;
}

void arena_begin_small(struct arena *arena) {
    (void)add_block(arena, SMALL_BLOCK);
}

static size_t next_size(const struct arena *arena, size_t wanted) {
    size_t size = FIRST_BLOCK;
    if (arena->newest != NULL)
        size = arena->newest->size * 2;
    if (size > LARGEST_DOUBLING)
        size = LARGEST_DOUBLING;
    return size < wanted ? wanted : size;
}

void *arena_alloc(struct arena *arena, size_t size) {
    const size_t alignment = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        abort();
    size = (size + alignment - 1) / alignment * alignment;

    struct arena_block *block = arena->newest;
    if (block == NULL || block->size - block->used < size)
        block = add_block(arena, next_size(arena, size));
    void *result = block->bytes + block->used;
    block->used += size;
    return memset(result, 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / 2 / size)
        abort();
    return arena_alloc(arena, count * size);
}

char *arena_strndup(struct arena *arena, const char *string, size_t length) {
    char *copy = arena_alloc(arena, length + 1);
    memcpy(copy, string, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *string) {
    return arena_strndup(arena, string, strlen(string));
}

char *arena_printf(struct arena *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        abort();

    char *result = arena_alloc(arena, (size_t)length + 1);
    va_start(arguments, format);
    (void)vsnprintf(result, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return result;
}

void arena_done(struct arena *arena) {
    while (arena->newest != NULL) {
        struct arena_block *block = arena->newest;
        arena->newest = block->older;
        free(block);
    }
}
