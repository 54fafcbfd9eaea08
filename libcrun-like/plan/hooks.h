/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks alone, when there is no container to plan any more. */
#ifndef PLAN_HOOKS_H
#define PLAN_HOOKS_H

#include "base/arena.h"
#include "oci-spec/spec.h"
#include "plan/plan.h"

/** A plan that holds nothing but hooks and annotations: for poststart and poststop. */
struct plan *plan_hooks_build(const struct oci_config *config, struct arena *arena);

#endif
