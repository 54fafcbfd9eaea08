/* SPDX-License-Identifier: Apache-2.0 */
/* Intel RDT: the resctrl group and its schemata. */
#include "plan/builder.h"

int plan_build_rdt(struct plan_builder *builder, struct thole_error *err) {
    const struct oci_intel_rdt *wanted = builder->linux_section->intel_rdt;
    struct plan_rdt *rdt = &builder->plan->rdt;
    rdt->schemata = plan_strings_of(&(struct oci_strings){0});
    if (wanted == NULL)
        return 0;
    if (builder->facts->resctrl == NULL)
        return error_unsupported(err, "/linux/intelRdt",
                                 "asked for, but no resctrl file system is mounted");
    rdt->set = true;
    rdt->mountpoint = builder->facts->resctrl;
    rdt->clos_id = wanted->clos_id;
    rdt->monitoring = wanted->enable_monitoring.value;

    /* runtime-spec config-linux.md, IntelRdt: this order. */
    if (wanted->l3_cache_schema != NULL)
        plan_words_add(builder->arena, &rdt->schemata, wanted->l3_cache_schema);
    if (wanted->mem_bw_schema != NULL)
        plan_words_add(builder->arena, &rdt->schemata, wanted->mem_bw_schema);
    for (size_t i = 0; i < wanted->schemata.count; i++)
        plan_words_add(builder->arena, &rdt->schemata, wanted->schemata.items[i]);
    return 0;
}
