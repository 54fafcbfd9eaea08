/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps of a call, and where its time goes: marks set by the runtime and by the processes it
 * starts. They are told as they come, on the log, or as a whole in the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum phases_process {
    PHASES_RUNTIME, /* the calling process */
    PHASES_INSIDE,  /* the one that becomes the container's, up to its execve */
};

/** A clock and its marks, in memory that child processes share. */
struct phases;

/**
 * Starts the clock; NULL: no memory. @log is told of each step, at the latest when the runtime ends
 * its next one: "/mounts/2: /dev: at 1.234 ms, took 0.056 ms, container"; NULL: nobody is.
 */
struct phases *phases_new(const struct thole_log *log);

/** Tells of what has not been told yet. */
void phases_free(struct phases *phases);

/** What has been done: a phase as a whole, or a part of one, which is told on the log alone. */
struct phases_step {
    const char *name;
    const char *where; /* JSON pointer into the configuration, NULL: none */
    enum phases_process process;
    bool part;
};

/** Use phases_end() and phases_part(). The texts are copied, long ones cut. */
void phases_add(struct phases *phases, const struct phases_step *step);

/**
 * Ends the phase @name of @process, which began with the end of the one before. Costs nothing where
 * no clock runs: @phases is NULL then.
 */
static inline void phases_end_at(struct phases *phases, enum phases_process process,
                                 const char *where, const char *name) {
    if (phases != NULL)
        phases_add(phases, &(struct phases_step){name, where, process, false});
}

/** The same where no member of the configuration is the reason. */
static inline void phases_end(struct phases *phases, enum phases_process process,
                              const char *name) {
    phases_end_at(phases, process, NULL, name);
}

/** Ends a part of the phase: one mount of many. */
static inline void phases_part(struct phases *phases, enum phases_process process,
                               const char *where, const char *name) {
    if (phases != NULL)
        phases_add(phases, &(struct phases_step){name, where, process, true});
}

/** A table of both processes' phases in microseconds (malloc'ed). */
char *phases_table(const struct phases *phases);

/**
 * The same as trace events, which ui.perfetto.dev shows (malloc'ed); format:
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 */
char *phases_trace(const struct phases *phases);
