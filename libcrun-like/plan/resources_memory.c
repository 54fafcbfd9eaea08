/* SPDX-License-Identifier: Apache-2.0 */
/* Memory limits. */
#include <inttypes.h>

#include "plan/resources.h"

/* v1 counts memory and swap together, v2 swap alone: swap of v2 is what is beyond the limit. */
struct swap_limit {
    bool set;
    int64_t together; /* -1: unlimited */
    int64_t alone;
};

static int decide_swap(const struct plan_resources_target *target, const struct oci_memory *memory,
                       struct swap_limit *ret_swap, struct thole_error *err) {
    const int64_t swap = memory->swap.value;
    const int64_t limit = memory->limit.value;
    const char *where = arena_printf(target->arena, "%s/memory/swap", target->where);
    /* Nothing asked (engines write 0 for that): memory without limit has swap without one. */
    if (!memory->swap.set || swap == 0) {
        if (memory->limit.set && limit < 0)
            *ret_swap = (struct swap_limit){.set = true, .together = -1, .alone = -1};
        return 0;
    }
    if (swap < 0) {
        *ret_swap = (struct swap_limit){.set = true, .together = -1, .alone = -1};
        return 0;
    }
    if (!memory->limit.set || limit == 0)
        return error_config(err, where, "a limit for memory and swap needs memory.limit as well");
    if (limit > swap)
        return error_config(err, where,
                            "memory and swap together, %" PRId64
                            ", are less than memory.limit, %" PRId64,
                            swap, limit);
    *ret_swap = (struct swap_limit){
        .set = true, .together = swap, .alone = limit < 0 ? swap : swap - limit};
    return 0;
}

/* The first member that asks for what cgroup v2 does not have, or NULL. */
static const char *first_of_v1(const struct oci_memory *memory) {
    if (memory->kernel_tcp.set && memory->kernel_tcp.value > 0)
        return "memory/kernelTCP";
    if (memory->swappiness.set)
        return "memory/swappiness";
    return memory->disable_oom_killer.value ? "memory/disableOOMKiller" : NULL;
}

/* The first member that really limits something, or NULL. */
static const char *first_limit(const struct oci_memory *memory) {
    const struct {
        const struct oci_int *limit;
        const char *member;
    } limits[] = {
        {&memory->limit, "memory/limit"},
        {&memory->reservation, "memory/reservation"},
        {&memory->swap, "memory/swap"},
    };
    for (size_t i = 0; i < PLAN_COUNT(limits); i++) {
        if (limits[i].limit->set && limits[i].limit->value > 0)
            return limits[i].member;
    }
    return first_of_v1(memory);
}

static void warn_ignored(const struct plan_resources_target *target,
                         const struct oci_memory *memory, const struct swap_limit *swap) {
    const char *where = arena_printf(target->arena, "%s/memory", target->where);
    if (target->builder == NULL)
        return;
    if (memory->kernel.set && memory->kernel.value > 0)
        plan_warn(target->builder, arena_printf(target->arena, "%s/kernel", where),
                  "ignored: kernels no longer have this limit");
    if (swap->set && swap->alone > 0 && !target->facts->swap_accounting)
        plan_warn(target->builder, arena_printf(target->arena, "%s/swap", where),
                  "swap is not limited: this host has no swap accounting");
    if (memory->use_hierarchy.set && !memory->use_hierarchy.value)
        plan_note(target->builder, arena_printf(target->arena, "%s/useHierarchy", where),
                  "has no effect: kernels know nothing else than hierarchies");
}

static void write_limit(const struct plan_resources_target *target,
                        const struct plan_controller *controller, const struct oci_memory *memory) {
    /* 0 is what engines write for "none given"; the kernel would kill at once. */
    if (!memory->limit.set || memory->limit.value == 0)
        return;
    struct plan_cgroup_write *write =
        plan_add_limit(target, controller->directory, "memory/limit",
                       controller->unified ? "memory.max" : "memory.limit_in_bytes",
                       memory->limit.value, controller->unified ? "max" : "-1");
    /* v1 refuses a limit above the former one for memory and swap until that is raised. */
    write->retry = !controller->unified;
    if (controller->unified && memory->check_before_update.value && memory->limit.value > 0)
        write->usage_file = "memory.current";
}

static void write_swap(const struct plan_resources_target *target,
                       const struct plan_controller *controller, const struct oci_memory *memory,
                       const struct swap_limit *swap) {
    if (!swap->set)
        return;
    const int64_t value = controller->unified ? swap->alone : swap->together;
    const char *member =
        memory->swap.set && memory->swap.value != 0 ? "memory/swap" : "memory/limit";
    struct plan_cgroup_write *write =
        plan_add_limit(target, controller->directory, member,
                       controller->unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
                       value, controller->unified ? "max" : "-1");
    write->retry = !controller->unified;
    /* Without swap accounting there is no file, and no swap beyond the limit can be meant. */
    write->optional = value < 0 || swap->alone == 0 || !target->facts->swap_accounting;
    if (controller->unified && memory->check_before_update.value && value > 0)
        write->usage_file = "memory.swap.current";
}

static void write_v1_only(const struct plan_resources_target *target,
                          const struct plan_controller *controller,
                          const struct oci_memory *memory) {
    const size_t directory = controller->directory;
    if (memory->kernel_tcp.set && memory->kernel_tcp.value != 0)
        plan_add_limit(target, directory, "memory/kernelTCP", "memory.kmem.tcp.limit_in_bytes",
                       memory->kernel_tcp.value, "-1")
            ->optional = memory->kernel_tcp.value < 0;
    if (memory->use_hierarchy.value)
        plan_add_number(target, directory, "memory/useHierarchy", "memory.use_hierarchy", 1)
            ->optional = true;
    if (memory->swappiness.set)
        (void)plan_add_number(target, directory, "memory/swappiness", "memory.swappiness",
                              memory->swappiness.value);
    if (memory->disable_oom_killer.set)
        (void)plan_add_number(target, directory, "memory/disableOOMKiller", "memory.oom_control",
                              memory->disable_oom_killer.value);
}

int plan_resources_memory(const struct plan_resources_target *target,
                          const struct oci_resources *resources, struct thole_error *err) {
    const struct oci_memory *memory = resources->memory;
    struct plan_controller controller;
    struct swap_limit swap = {0};
    if (memory == NULL)
        return 0;
    if (decide_swap(target, memory, &swap, err) < 0)
        return -1;
    warn_ignored(target, memory, &swap);
    const char *member = first_limit(memory);
    if (member == NULL && !plan_find_controller(target, "memory", "memory", &controller))
        return 0;
    if (plan_need_controller(target, "memory", "memory", member, &controller, err) < 0)
        return -1;
    const char *of_v1 = first_of_v1(memory);
    if (of_v1 != NULL && plan_need_controller(target, "memory", NULL, of_v1, &controller, err) < 0)
        return -1;
    write_limit(target, &controller, memory);
    write_swap(target, &controller, memory, &swap);
    if (memory->reservation.set && memory->reservation.value != 0)
        (void)plan_add_limit(target, controller.directory, "memory/reservation",
                             controller.unified ? "memory.low" : "memory.soft_limit_in_bytes",
                             memory->reservation.value, controller.unified ? "max" : "-1");
    if (!controller.unified)
        write_v1_only(target, &controller, memory);
    return 0;
}
