/* SPDX-License-Identifier: Apache-2.0 */
/* The clock that deadlines are measured with. */
#ifndef THOLE_CLOCK_H
#define THOLE_CLOCK_H

#include <stdint.h>

/** Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_now(void);

#endif
