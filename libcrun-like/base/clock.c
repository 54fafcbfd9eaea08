/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the kernel's clocks, and writing what they say. */
#include "base/clock.h"

#include <stdio.h>

int64_t clock_now(void) {
    return clock_nanoseconds(CLOCK_MONOTONIC) / 1000000;
}

int64_t clock_nanoseconds(clockid_t clock) {
    struct timespec time;
    (void)clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void clock_format(const struct timespec *time, char text[CLOCK_TIME]) {
    struct tm parts = {0};
    (void)gmtime_r(&time->tv_sec, &parts);
    const size_t length = strftime(text, CLOCK_TIME, "%Y-%m-%dT%H:%M:%S", &parts);
    (void)snprintf(text + length, CLOCK_TIME - length, ".%09ldZ", time->tv_nsec);
}

void clock_format_now(char text[CLOCK_TIME]) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    clock_format(&now, text);
}
