/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container, whoever brings it about (runtime-spec "Lifecycle", from step 12 on). */
#pragma once

#include "plan/plan.h"
#include "state/container.h"

/**
 * What create_unmake() does, but for the state directory: 1 with the lock held, 0 if the container
 * is somebody else's to delete.
 */
int create_clear(const struct thole_context *context, struct container *container,
                 const struct plan *plan, struct thole_error *err);

/**
 * Ends what still runs, removes the cgroup and the state directory, runs the poststop hooks: those
 * of @plan or, if it is NULL, of the saved configuration. A failing hook is a warning. The lock is
 * taken if it is not held, and never while a hook runs. What somebody else has deleted, or is about
 * to, is no error.
 */
int create_unmake(const struct thole_context *context, struct container *container,
                  const struct plan *plan, struct thole_error *err);
