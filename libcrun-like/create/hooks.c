/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks on the runtime's side. */
#include "create/hooks.h"

#include "apply/hooks.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "plan/build.h"
#include "plan/hooks.h"

static int run_list(const struct container *container, const struct plan *plan,
                    const struct plan_hooks *hooks, enum plan_hook_stage stage, const char *status,
                    struct thole_error *err) {
    if (hooks->count == 0)
        return 0;
    bool stopped = stage == PLAN_HOOK_POSTSTOP;
    cleanup_free char *state =
        container_state_json(container, status, stopped ? 0 : (pid_t)container->record->pid);
    const struct apply_hook_run run = {
        .stage = plan_hook_stage_name(stage),
        .state = state,
        .directory = container->record->bundle,
        .stdout_file = plan->hook_stdout,
        .stderr_file = plan->hook_stderr,
    };
    return apply_hooks(hooks, &run, err);
}

int hooks_run(const struct container *container, const struct plan *plan,
              enum plan_hook_stage stage, const char *status, struct thole_error *err) {
    return run_list(container, plan, &plan->hooks[stage], stage, status, err);
}

/* A failure is logged and the remaining hooks run all the same (runtime-spec "Poststop"). */
static void run_poststop(const struct thole_context *context, const struct container *container,
                         const struct plan *plan) {
    const struct plan_hooks *all = &plan->hooks[PLAN_HOOK_POSTSTOP];
    for (size_t i = 0; i < all->count; i++) {
        const struct plan_hooks one = {.items = &all->items[i], .count = 1};
        struct thole_error failure = {0};
        char line[1536];
        if (run_list(container, plan, &one, PLAN_HOOK_POSTSTOP, "stopped", &failure) < 0)
            log_warning(&context->log, "%s", error_format(&failure, line, sizeof(line)));
    }
}

int hooks_run_saved(const struct thole_context *context, struct container *container,
                    enum plan_hook_stage stage, const char *status, struct thole_error *err) {
    const struct container_record *record = container->record;
    bool wanted = stage == PLAN_HOOK_POSTSTOP ? record->poststop : record->poststart;
    if (!wanted)
        return 0;
    struct oci_config *config = NULL;
    if (container_read_config(container, &config, err) < 0)
        return -1;
    const struct plan *plan = plan_hooks_build(config, &container->arena);
    if (stage == PLAN_HOOK_POSTSTOP) {
        run_poststop(context, container, plan);
        return 0;
    }
    return hooks_run(container, plan, stage, status, err);
}
