/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks on the runtime's side. */
#include "create/hooks.h"

#include "apply/hooks.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "plan/build.h"

static struct apply_hook_run describe_run(const struct container *container,
                                          const struct plan *plan, enum plan_hook_stage stage,
                                          const char *state) {
    return (struct apply_hook_run){
        .stage = plan_hook_stage_name(stage),
        .state = state,
        .directory = container->record->bundle,
        .stdout_file = plan->hook_stdout,
        .stderr_file = plan->hook_stderr,
    };
}

int hooks_run(const struct container *container, const struct plan *plan,
              enum plan_hook_stage stage, const char *status, struct thole_error *err) {
    if (plan->hooks[stage].count == 0)
        return 0;
    cleanup_free char *state =
        container_state_json(container, status, (pid_t)container->record->pid);
    const struct apply_hook_run run = describe_run(container, plan, stage, state);
    return apply_hooks(&plan->hooks[stage], &run, err);
}

void hooks_run_poststop(const struct thole_context *context, const struct container *container,
                        const struct plan *plan) {
    const struct plan_hooks *all = &plan->hooks[PLAN_HOOK_POSTSTOP];
    cleanup_free char *state = container_state_json(container, "stopped", 0);
    struct apply_hook_run run = describe_run(container, plan, PLAN_HOOK_POSTSTOP, state);
    for (; run.first < all->count; run.first++) {
        const struct plan_hooks one = {.items = &all->items[run.first], .count = 1};
        struct thole_error failure = {0};
        char line[sizeof(failure.where) + sizeof(failure.text) + 128];
        if (apply_hooks(&one, &run, &failure) < 0)
            log_warning(&context->log, "%s", error_format(&failure, line, sizeof(line)));
    }
}

const struct plan *hooks_read_saved(struct container *container, struct thole_error *err) {
    struct oci_config *config = NULL;
    if (container_read_config(container, &config, err) < 0)
        return NULL;
    return plan_hooks_build(config, &container->arena);
}
