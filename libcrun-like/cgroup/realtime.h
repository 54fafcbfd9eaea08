/* SPDX-License-Identifier: Apache-2.0 */
/* v1 realtime budgets, which a cgroup can have only where all above it have one. */
#ifndef CGROUP_REALTIME_H
#define CGROUP_REALTIME_H

#include <stddef.h>

#include "plan/plan.h"

/**
 * Writes @value to cpu.rt_runtime_us of @directory, open as @leaf_fd, when a plain write was
 * refused with EINVAL: the directories between it and the root that have no budget yet get the same
 * period and runtime first (sched-rt-group). -1 with errno set.
 */
int cgroup_write_realtime(const struct plan_cgroup_directory *directory, int leaf_fd,
                          const char *value, size_t length);

#endif
