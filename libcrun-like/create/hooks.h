/* SPDX-License-Identifier: Apache-2.0 */
/* Hook stages that run in the runtime's own namespaces. */
#pragma once

#include "plan/plan.h"
#include "state/container.h"

/** Runs one stage of @plan with the container's state, @status as runtime-spec "Lifecycle" says. */
int hooks_run(const struct container *container, const struct plan *plan,
              enum plan_hook_stage stage, const char *status, struct thole_error *err);

/** A failing hook is a warning, and the others run all the same (runtime-spec "Poststop"). */
void hooks_run_poststop(const struct thole_context *context, const struct container *container,
                        const struct plan *plan);

/** The hooks of the saved configuration, in the container's arena; NULL after an error. */
const struct plan *hooks_read_saved(struct container *container, struct thole_error *err);
