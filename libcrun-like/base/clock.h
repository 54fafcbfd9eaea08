/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the kernel's clocks. */
#pragma once

#include <stdint.h>
#include <time.h>

/** Milliseconds of CLOCK_MONOTONIC, which deadlines are measured with. */
int64_t clock_now(void);

/** Nanoseconds of @clock. */
int64_t clock_nanoseconds(clockid_t clock);
