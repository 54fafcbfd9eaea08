/* SPDX-License-Identifier: Apache-2.0 */
/* Resources: all of them, and the limits that are one number in one file. */
#include "plan/resources.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"

/* Engines write 0 for "no limit", as runtimes have taken it; runtime-spec 1.3 makes it a limit. */
static bool zero_is_unlimited(const char *oci_version) {
    uint64_t minor = 0;
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(oci_version + 2, "."),
                   oci_version + 2);
    return text_parse_uint(digits, UINT64_MAX, &minor) && minor < 3;
}

static int plan_pids(const struct plan_resources_target *target,
                     const struct oci_resources *resources, struct thole_error *err) {
    const struct oci_pids *pids = resources->pids;
    struct plan_controller controller = {0};
    if (pids == NULL || !pids->limit.set)
        return 0;
    const bool zero = pids->limit.value == 0;
    const bool unlimited =
        pids->limit.value < 0 || (zero && zero_is_unlimited(target->oci_version));
    if (unlimited && !plan_find_controller(target, "pids", "pids", &controller))
        return 0;
    if (plan_need_controller(target, "pids", "pids", "pids/limit", &controller, err) < 0)
        return -1;
    if (zero && !unlimited && target->builder != NULL)
        plan_warn(target->builder, arena_printf(target->arena, "%s/pids/limit", target->where),
                  "0 is a limit from ociVersion 1.3 on: no process can be made");
    (void)plan_add_limit(target, controller.directory, "pids/limit", "pids.max",
                         unlimited ? -1 : pids->limit.value, "max");
    return 0;
}

/* runtime-spec config-linux.md, "Huge page limits": reservations where the kernel counts them. */
static int plan_hugepages(const struct plan_resources_target *target,
                          const struct oci_resources *resources, struct thole_error *err) {
    struct arena *arena = target->arena;
    for (size_t i = 0; i < resources->hugepage_limits.count; i++) {
        const struct oci_hugepage_limit *limit = &resources->hugepage_limits.items[i];
        const char *member = arena_printf(arena, "hugepageLimits/%zu", i);
        struct plan_controller controller = {0};
        if (plan_need_controller(target, "hugetlb", "hugetlb", member, &controller, err) < 0)
            return -1;
        if (!words_have(target->facts->hugepage_sizes, limit->page_size, strlen(limit->page_size)))
            return error_unsupported(
                err, arena_printf(arena, "%s/%s/pageSize", target->where, member),
                "this host has no pages of %s, only %s", limit->page_size,
                target->facts->hugepage_sizes[0] != '\0' ? target->facts->hugepage_sizes
                                                         : "ordinary ones");
        const char *suffix = controller.unified ? "max" : "limit_in_bytes";
        (void)plan_add_number(target, controller.directory, member,
                              arena_printf(arena, "hugetlb.%s.%s", limit->page_size, suffix),
                              limit->limit);
        plan_add_number(target, controller.directory, member,
                        arena_printf(arena, "hugetlb.%s.rsvd.%s", limit->page_size, suffix),
                        limit->limit)
            ->optional = true;
    }
    return 0;
}

static int plan_network(const struct plan_resources_target *target,
                        const struct oci_resources *resources, struct thole_error *err) {
    const struct oci_network *network = resources->network;
    struct plan_controller controller = {0};
    if (network == NULL)
        return 0;
    if (network->class_id.set) {
        if (plan_need_controller(target, "net_cls", NULL, "network/classID", &controller, err) < 0)
            return -1;
        (void)plan_add_number(target, controller.directory, "network/classID", "net_cls.classid",
                              network->class_id.value);
    }
    for (size_t i = 0; i < network->priorities.count; i++) {
        const struct oci_interface_priority *priority = &network->priorities.items[i];
        const char *member = arena_printf(target->arena, "network/priorities/%zu", i);
        if (plan_need_controller(target, "net_prio", NULL, member, &controller, err) < 0)
            return -1;
        (void)plan_add_write(
            target, controller.directory, member, "net_prio.ifpriomap",
            arena_printf(target->arena, "%s %" PRIu32, priority->name, priority->priority));
    }
    return 0;
}

static int plan_rdma(const struct plan_resources_target *target,
                     const struct oci_resources *resources, struct thole_error *err) {
    for (size_t i = 0; i < resources->rdma.count; i++) {
        const struct oci_rdma *rdma = &resources->rdma.items[i];
        const char *member = plan_where_key(target->arena, "rdma", rdma->key);
        struct text value cleanup_text = {0};
        struct plan_controller controller = {0};
        if (plan_need_controller(target, "rdma", "rdma", member, &controller, err) < 0)
            return -1;
        text_append(&value, rdma->key);
        if (rdma->hca_handles.set)
            text_appendf(&value, " hca_handle=%" PRIu64, rdma->hca_handles.value);
        if (rdma->hca_objects.set)
            text_appendf(&value, " hca_object=%" PRIu64, rdma->hca_objects.value);
        if (!rdma->hca_handles.set && !rdma->hca_objects.set)
            return error_config(err, arena_printf(target->arena, "%s/%s", target->where, member),
                                "needs hcaHandles or hcaObjects");
        (void)plan_add_write(target, controller.directory, member, "rdma.max",
                             arena_strdup(target->arena, value.data));
    }
    return 0;
}

int plan_resources(const struct plan_resources_target *target,
                   const struct oci_resources *resources, struct thole_error *err) {
    static plan_resources_part *const parts[] = {
        plan_resources_memory,  plan_resources_cpu, plan_pids, plan_resources_block_io,
        plan_hugepages,         plan_network,       plan_rdma, plan_resources_unified,
        plan_resources_devices,
    };
    for (size_t i = 0; i < PLAN_COUNT(parts); i++) {
        if (parts[i](target, resources, err) < 0 && plan_ends(target->builder, err))
            return -1;
    }
    return 0;
}
