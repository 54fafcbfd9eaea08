/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of a plan, one after the other, through file descriptors only. Runs in init. */
#pragma once

#include "apply/bind_sources.h"
#include "apply/readonly_last.h"
#include "base/error.h"
#include "base/phases.h"
#include "plan/plan.h"

/**
 * Mounts everything in order beneath @root_fd. Each mount is built detached, gets its attributes
 * and ids, and is attached to a target resolved inside the root (runtime-spec "Mounts"). One with
 * the destination "/" takes the root's place in @root_fd. Those in @last have to be made read-only
 * afterwards; without a list all are read-only when they are attached.
 */
int apply_mounts(const struct plan *plan, struct phases *phases, struct apply_bind_sources *sources,
                 int *root_fd, struct apply_readonly_last *last, struct thole_error *err);
