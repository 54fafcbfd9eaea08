/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of every stage, and where what they say goes. */
#include "plan/builder.h"

static void plan_stage(struct plan_builder *builder, const oci_hook_list *wanted,
                       enum plan_hook_stage stage) {
    const char *name = plan_hook_stage_name(stage);
    struct plan_hooks *hooks = &builder->plan->hooks[stage];
    for (size_t i = 0; i < wanted->count; i++) {
        const struct oci_hook *from = &wanted->items[i];
        struct plan_hook *hook = plan_list_add(builder->arena, hooks->items, hooks->count);
        hook->path = from->path;
        hook->args = plan_strings_of(&from->args);
        if (hook->args.count == 0)
            plan_words_add(builder->arena, &hook->args, from->path);
        hook->env = plan_strings_of(&from->env);
        hook->inherit_env = !from->env.set;
        hook->timeout = from->timeout.set ? (int)from->timeout.value : 0;
        hook->where = arena_printf(builder->arena, "/hooks/%s/%zu", name, i);
    }
}

int plan_build_hooks(struct plan_builder *builder, struct thole_error *err) {
    (void)err;
    const struct oci_hooks *wanted = builder->config->hooks;
    builder->plan->hook_stdout = plan_annotation(builder->config, "run.oci.hooks.stdout");
    builder->plan->hook_stderr = plan_annotation(builder->config, "run.oci.hooks.stderr");
    if (wanted == NULL)
        return 0;
    plan_stage(builder, &wanted->prestart, PLAN_HOOK_PRESTART);
    plan_stage(builder, &wanted->create_runtime, PLAN_HOOK_CREATE_RUNTIME);
    plan_stage(builder, &wanted->create_container, PLAN_HOOK_CREATE_CONTAINER);
    plan_stage(builder, &wanted->start_container, PLAN_HOOK_START_CONTAINER);
    plan_stage(builder, &wanted->poststart, PLAN_HOOK_POSTSTART);
    plan_stage(builder, &wanted->poststop, PLAN_HOOK_POSTSTOP);
    return 0;
}
