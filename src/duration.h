/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and points in time as command lines have them. */
#pragma once

#include <stdbool.h>

#include "base/clock.h"

/** A duration as Go writes it: "1m30s", "500ms", "1.5h". */
bool duration_parse(const char *text, double *ret_milliseconds);

/**
 * "10m" ago, "2026-01-31T12:00:00Z" or seconds since 1970, written to @time as thole_output has it:
 * RFC 3339 with nanoseconds, in UTC. False if @text is none of them.
 */
bool duration_parse_since(const char *text, char time[CLOCK_TIME]);
