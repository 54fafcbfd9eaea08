/* SPDX-License-Identifier: Apache-2.0 */
/* Hook stages that run in the runtime's own namespaces. */
#ifndef CREATE_HOOKS_H
#define CREATE_HOOKS_H

#include "base/error.h"
#include "state/container.h"

/** Runs one stage of @plan with the container's state, @status as runtime-spec "Lifecycle" says. */
int hooks_run(const struct container *container, const struct plan *plan,
              enum plan_hook_stage stage, const char *status, struct thole_error *err);

/**
 * poststart or poststop of a container whose plan is not at hand: reads the saved configuration. A
 * failing poststop hook is only logged (runtime-spec "Poststop").
 */
int hooks_run_saved(const struct thole_context *context, struct container *container,
                    enum plan_hook_stage stage, const char *status, struct thole_error *err);

#endif
