/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which a plan is made: each part may look at what the earlier ones decided. */
#include "plan/build.h"

#include "plan/builder.h"

typedef int plan_part(struct plan_builder *builder, struct thole_error *err);

static plan_part build_process;

static plan_part *const parts[] = {
    plan_build_annotations,  plan_build_keeper,     plan_build_namespaces, plan_build_user_mapping,
    plan_build_time_offsets, plan_build_names,      plan_build_cgroup,     plan_build_rootfs,
    plan_build_mounts,       plan_build_devices,    plan_build_paths,      plan_build_sysctls,
    plan_build_net_devices,  plan_build_rdt,        build_process,         plan_build_seccomp,
    plan_build_hooks,        plan_build_root_entry, plan_build_audit,      plan_build_selinux_range,
};

static int build_process(struct plan_builder *builder, struct thole_error *err) {
    if (builder->config->process == NULL)
        return 0;
    struct oci_process wanted = *builder->config->process;
    struct plan_process *process = NULL;
    if (plan_identity_add(builder, &wanted.env, err) < 0 ||
        plan_build_process(builder, &wanted, "/process", &process, err) < 0)
        return -1;
    if (builder->request->init != NULL) {
        process->init = arena_strdup(builder->arena, builder->request->init);
        process->init_waits = builder->request->init_waits;
    }
    builder->plan->process = process;
    return 0;
}

int plan_build(const struct oci_config *config, const struct host_facts *facts,
               const struct plan_request *request, struct arena *arena, struct plan **ret_plan,
               struct thole_error *err) {
    struct plan_builder builder = plan_begin(config, facts, request, arena);
    builder.plan->id = arena_strdup(arena, request->id);
    builder.plan->bundle = request->bundle;
    builder.plan->oci_version = config->oci_version;
    builder.plan->new_keyring = !request->no_new_keyring;

    for (size_t i = 0; i < PLAN_COUNT(parts); i++) {
        if (parts[i](&builder, err) < 0 && plan_ends(&builder, err))
            return -1;
    }
    *ret_plan = plan_end(&builder);
    return 0;
}

struct plan *plan_hooks_build(const struct oci_config *config, struct arena *arena) {
    struct plan_builder builder = {
        .config = config, .arena = arena, .plan = arena_new(arena, struct plan)};
    (void)plan_build_hooks(&builder, NULL);
    return builder.plan;
}
