/* SPDX-License-Identifier: Apache-2.0 */
/* Where the time of a call goes: marks set by the runtime and by the processes it starts. */
#pragma once

#include <stddef.h>

#include "base/error.h"

enum phases_process {
    PHASES_RUNTIME, /* the calling process */
    PHASES_INSIDE,  /* the one that becomes the container's, up to its execve */
};

/** A clock and its marks, in memory that child processes share. */
struct phases;

/** Starts the clock; NULL: no memory. */
struct phases *phases_new(void);
void phases_free(struct phases *phases);

/** Use phases_end(). @name is kept as it is: a string literal. */
void phases_add(struct phases *phases, enum phases_process process, const char *name);

/**
 * Ends the phase @name of @process, which began with the end of the one before. Costs nothing where
 * no clock runs: @phases is NULL then.
 */
static inline void phases_end(struct phases *phases, enum phases_process process,
                              const char *name) {
    if (phases != NULL)
        phases_add(phases, process, name);
}

/** A table of both processes' phases in microseconds (malloc'ed). */
char *phases_table(const struct phases *phases);

/**
 * The same as trace events, which ui.perfetto.dev shows (malloc'ed); format:
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
char *phases_trace(const struct phases *phases);
