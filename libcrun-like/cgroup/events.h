/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.events of a v2 cgroup: is it populated, is it frozen; and waiting without polling. */
#pragma once

#include <stdint.h>

/** Sleeps between two looks: from 50 microseconds doubling to 20 milliseconds. @round counts. */
void cgroup_pause(unsigned round);

/** The value (0 or 1) of @key in cgroup.events of the directory @dirfd; -1 with errno set. */
int cgroup_event(int dirfd, const char *key);

/**
 * Waits until @key of cgroup.events is @value, woken by the kernel (cgroup-v2: file modified events
 * through POLLPRI). Returns 1, 0 when @timeout milliseconds are over, -1 with errno set.
 */
int cgroup_event_wait(int dirfd, const char *key, int value, int timeout);
