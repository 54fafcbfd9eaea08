/* SPDX-License-Identifier: Apache-2.0 */
/* Freezing and thawing: the v1 freezer or cgroup.freeze. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "plan/plan.h"

/** Freezes (waits until frozen) or thaws; v1 freezer or cgroup.freeze. */
int cgroup_freeze(const struct plan_cgroup *cgroup, bool freeze, struct thole_error *err);
/** 1 if frozen, 0 if not or there is no freezer; -1 if the freezer cannot be asked. */
int cgroup_is_frozen(const struct plan_cgroup *cgroup, struct thole_error *err);
