/* SPDX-License-Identifier: Apache-2.0 */
/* Execution domain and NUMA memory policy. */
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/personality.h>

#include "plan/builder.h"

static const struct {
    const char *name;
    int flag;
} memory_policy_flags[] = {
    {"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
    {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
    {"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
};

/* set_mempolicy(2): which policies name nodes. The kernel answers with EINVAL alone. */
static int check_nodes(const struct oci_memory_policy *wanted, const char *nodes,
                       struct thole_error *err) {
    const bool none = wanted->mode == OCI_MPOL_DEFAULT || wanted->mode == OCI_MPOL_LOCAL;
    if (nodes[strspn(nodes, "0123456789,-")] != '\0')
        return error_config(err, "/linux/memoryPolicy/nodes",
                            "must be a list of nodes such as 0-3,7, not %s", nodes);
    if (none && nodes[0] != '\0')
        return error_config(err, "/linux/memoryPolicy/nodes", "this mode takes no nodes");
    if (!none && wanted->mode != OCI_MPOL_PREFERRED && nodes[0] == '\0')
        return error_config(err, "/linux/memoryPolicy/nodes", "this mode needs nodes");
    return 0;
}

static int plan_memory_policy(const struct oci_memory_policy *wanted,
                              struct plan_memory_policy *policy, struct thole_error *err) {
    policy->set = true;
    policy->mode = wanted->mode - 1;
    policy->nodes = wanted->nodes != NULL ? wanted->nodes : "";
    if (check_nodes(wanted, policy->nodes, err) < 0)
        return -1;
    for (size_t i = 0; i < wanted->flags.count; i++) {
        for (size_t j = 0; j < PLAN_COUNT(memory_policy_flags); j++) {
            if (strcmp(wanted->flags.items[i], memory_policy_flags[j].name) == 0)
                policy->mode |= memory_policy_flags[j].flag;
        }
    }
    return 0;
}

int plan_build_personality(const struct plan_builder *builder, struct plan_process *process,
                           struct thole_error *err) {
    const struct oci_linux *section = builder->linux_section;
    process->personality = (unsigned long)-1;
    if (section->personality != NULL)
        process->personality =
            section->personality->domain == OCI_PERSONALITY_LINUX32 ? PER_LINUX32 : PER_LINUX;
    if (section->memory_policy != NULL)
        return plan_memory_policy(section->memory_policy, &process->memory_policy, err);
    return 0;
}
