/* SPDX-License-Identifier: Apache-2.0 */
/* What containers use, as rows in an order. */
#pragma once

#include <stdint.h>

#include "thole.h"

/** A container at one moment. Numbers that nobody knows are THOLE_USAGE_UNKNOWN. */
struct top_row {
    char *root;
    char *id;
    enum thole_status status;
    pid_t pid;
    int64_t time;       /* of the look, nanoseconds of CLOCK_MONOTONIC */
    double cpu_percent; /* of one CPU since the look before, below 0: unknown */
    uint64_t pids;      /* processes */
    struct thole_usage usage;
};

struct top_rows {
    struct top_row *items;
    size_t count;
    size_t root_count; /* state roots that were looked at */
};

enum top_order { TOP_BY_CPU, TOP_BY_MEMORY, TOP_BY_PIDS, TOP_BY_IO, TOP_BY_NAME };

/**
 * Looks at all containers that live, of @root or, if that is NULL, of all state roots. @before is
 * the look before this one.
 */
int top_rows_read(const char *root, const struct top_rows *before, struct top_rows *ret_rows,
                  struct thole_error *err);

/** From the largest number on, names from a to z; the other way round if @reverse. */
void top_rows_sort(struct top_rows *rows, enum top_order order, bool reverse);

void top_rows_done(struct top_rows *rows);
#define cleanup_top_rows __attribute__((cleanup(top_rows_done)))
