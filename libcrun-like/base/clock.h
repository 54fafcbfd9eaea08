/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the kernel's clocks, and writing what they say. */
#pragma once

#include <stdint.h>
#include <time.h>

/** Milliseconds of CLOCK_MONOTONIC, which deadlines are measured with. */
int64_t clock_now(void);

/** Nanoseconds of @clock. */
int64_t clock_nanoseconds(clockid_t clock);

enum { CLOCK_TIME = 40 };

/**
 * Writes @time as RFC 3339 has it, in UTC with nanoseconds: always as long up to the year 9999, so
 * that such times can be compared as texts.
 */
void clock_format(const struct timespec *time, char text[CLOCK_TIME]);

/** The same of this moment. */
void clock_format_now(char text[CLOCK_TIME]);
