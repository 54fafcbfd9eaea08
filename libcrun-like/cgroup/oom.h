/* SPDX-License-Identifier: Apache-2.0 */
/* Hearing of it when a container runs out of memory. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "plan/plan.h"

/** Poll @fd for @events, then ask cgroup_oom_watch_read(). */
struct cgroup_oom_watch {
    int fd; /* -1: no memory controller, nothing will ever be heard */
    short events;
    int directory; /* v1: the container's memory cgroup */
    uint64_t seen; /* v2: kills that were counted so far */
};
#define CGROUP_OOM_WATCH_INIT \
    { .fd = -1, .directory = -1 }

/** v1: an eventfd at memory.oom_control; v2: memory.events. */
int cgroup_oom_watch_open(const struct plan_cgroup *cgroup, struct cgroup_oom_watch *ret_watch,
                          struct thole_error *err);

/** How many times memory ran out since the last call. */
uint64_t cgroup_oom_watch_read(struct cgroup_oom_watch *watch);

void cgroup_oom_watch_done(struct cgroup_oom_watch *watch);
#define cleanup_cgroup_oom_watch __attribute__((cleanup(cgroup_oom_watch_done)))
