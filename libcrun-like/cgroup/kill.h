/* SPDX-License-Identifier: Apache-2.0 */
/* Signals to everything in a cgroup. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/** Sends @signal to every process in the cgroup and below; SIGKILL also thaws. */
int cgroup_kill(const struct plan_cgroup *cgroup, int signal, struct thole_error *err);
