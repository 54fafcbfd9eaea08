/* SPDX-License-Identifier: Apache-2.0 */
/* Execution domain and NUMA memory policy. */
#include <linux/mempolicy.h>
#include <string.h>

#include "oci-spec/fields.h"
#include "plan/builder.h"

/* set_mempolicy(2): which policies name nodes. The kernel answers with EINVAL alone. */
static int check_nodes(const struct oci_memory_policy *wanted, const char *nodes,
                       struct thole_error *err) {
    const bool none = wanted->mode == MPOL_DEFAULT || wanted->mode == MPOL_LOCAL;
    if (nodes[strspn(nodes, "0123456789,-")] != '\0')
        return error_config(err, "/linux/memoryPolicy/nodes",
                            "must be a list of nodes such as 0-3,7, not %s", nodes);
    if (none && nodes[0] != '\0')
        return error_config(err, "/linux/memoryPolicy/nodes", "this mode takes no nodes");
    if (!none && wanted->mode != MPOL_PREFERRED && nodes[0] == '\0')
        return error_config(err, "/linux/memoryPolicy/nodes", "this mode needs nodes");
    return 0;
}

/* The kernel answers these with EINVAL alone, too. */
static int check_flags(const struct oci_memory_policy *wanted, int flags, struct thole_error *err) {
    static const char where[] = "/linux/memoryPolicy/flags";
    if ((flags & MPOL_F_STATIC_NODES) != 0 && (flags & MPOL_F_RELATIVE_NODES) != 0)
        return error_config(err, where, "nodes are either static or relative");
    if ((flags & MPOL_F_NUMA_BALANCING) != 0 && wanted->mode != MPOL_BIND &&
        wanted->mode != MPOL_PREFERRED_MANY)
        return error_config(err, where,
                            "MPOL_F_NUMA_BALANCING is for MPOL_BIND and MPOL_PREFERRED_MANY only");
    return 0;
}

static int plan_memory_policy(const struct oci_memory_policy *wanted,
                              struct plan_memory_policy *policy, struct thole_error *err) {
    const int flags = oci_names_mask(oci_memory_policy_flags, &wanted->flags);
    policy->set = true;
    policy->mode = wanted->mode | flags;
    policy->nodes = wanted->nodes != NULL ? wanted->nodes : "";
    return check_flags(wanted, flags, err) < 0 ? -1 : check_nodes(wanted, policy->nodes, err);
}

int plan_build_personality(const struct plan_builder *builder, struct plan_process *process,
                           struct thole_error *err) {
    const struct oci_linux *section = builder->linux_section;
    process->personality = (unsigned long)-1;
    if (section->personality != NULL)
        process->personality = (unsigned long)section->personality->domain;
    if (section->memory_policy != NULL)
        return plan_memory_policy(section->memory_policy, &process->memory_policy, err);
    return 0;
}
