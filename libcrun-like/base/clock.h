/* SPDX-License-Identifier: Apache-2.0 */
/* The clock that deadlines are measured with. */
#pragma once

#include <stdint.h>

/** Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_now(void);
