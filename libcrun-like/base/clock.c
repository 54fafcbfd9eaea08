/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the kernel's clocks. */
#include "base/clock.h"

int64_t clock_now(void) {
    return clock_nanoseconds(CLOCK_MONOTONIC) / 1000000;
}

int64_t clock_nanoseconds(clockid_t clock) {
    struct timespec time;
    (void)clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}
