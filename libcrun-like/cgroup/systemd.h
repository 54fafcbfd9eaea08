/* SPDX-License-Identifier: Apache-2.0 */
/* The container's unit of systemd: a transient scope, or a slice. */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"

/**
 * Starts the unit of @cgroup with its properties and waits until its cgroup is there. A scope lives
 * only as long as a process is in it: @ret_holder is the pidfd of one that does nothing, to be
 * ended with systemd_holder_end() when the container's init is in. -1 for slices. @ret_pid is its
 * pid.
 */
int systemd_unit_start(const struct plan_cgroup *cgroup, const struct thole_log *log,
                       int *ret_holder, pid_t *ret_pid, struct thole_error *err);

void systemd_holder_end(int holder);

/** Gives the unit new limits. */
int systemd_unit_update(const struct plan_cgroup *cgroup, const struct thole_log *log,
                        struct thole_error *err);

/** Stops the unit, whose processes have ended, and forgets it; one that is gone is no error. */
int systemd_unit_stop(const struct plan_cgroup *cgroup, struct thole_error *err);
