/* SPDX-License-Identifier: Apache-2.0 */
/* Host facts as JSON, both ways, by one table. */
#include "host/facts.h"

#include <string.h>

#include "base/words.h"
#include "oci-spec/fields.h"
#include "oci-spec/reader.h"
#include "oci-spec/writer.h"

#define FLAG(structure, member) OCI_FIELD(structure, #member, member, .flags = OCI_ALWAYS)
#define HEX(structure, member)                                                               \
    {                                                                                        \
        .name = #member, .kind = OCI_KIND_HEX, .offset = offsetof(struct structure, member), \
        .flags = OCI_ALWAYS                                                                  \
    }

static const struct oci_field host_hierarchy_fields[] = {
    FLAG(host_hierarchy, unified),
    OCI_FIELD(host_hierarchy, "mountpoint", mountpoint, .flags = OCI_REQUIRED,
              .check = oci_check_absolute_path),
    OCI_FIELD(host_hierarchy, "controllers", controllers),
    OCI_FIELD(host_hierarchy, "own_path", own_path, .flags = OCI_REQUIRED,
              .check = oci_check_absolute_path),
};
static OCI_TYPE(host_hierarchy);

static const struct oci_field host_facts_fields[] = {
    OCI_NUMBER(host_facts, "euid", euid, 0, UINT32_MAX, .flags = OCI_ALWAYS),
    OCI_NUMBER(host_facts, "egid", egid, 0, UINT32_MAX, .flags = OCI_ALWAYS),
    FLAG(host_facts, in_user_namespace),
    FLAG(host_facts, privileged),
    HEX(host_facts, capabilities),
    OCI_NUMBER(host_facts, "last_capability", last_capability, 0, 63, .flags = OCI_ALWAYS),
    HEX(host_facts, ignored_signals),
    FLAG(host_facts, cgroup_namespaces),
    FLAG(host_facts, time_namespaces),
    FLAG(host_facts, swap_accounting),
    FLAG(host_facts, selinux),
    FLAG(host_facts, selinux_enforcing),
    FLAG(host_facts, selinux_mls),
    FLAG(host_facts, apparmor),
    OCI_FIELD(host_facts, "resctrl", resctrl),
    OCI_FIELD(host_facts, "hugepage_sizes", hugepage_sizes),
    OCI_FIELD(host_facts, "subuid", subuid),
    OCI_FIELD(host_facts, "subgid", subgid),
    OCI_COUNTED_OBJECTS(host_facts, "hierarchies", hierarchies, hierarchy_count, host_hierarchy),
};
OCI_TYPE(host_facts);

static void default_to_empty(const char **text) {
    if (*text == NULL)
        *text = "";
}

int host_facts_read(const char *json, size_t length, struct arena *arena,
                    struct host_facts **ret_facts, struct thole_error *err) {
    struct oci_report report = {.arena = arena};
    struct host_facts *facts = oci_read(&host_facts_type, json, length, arena, &report, err);
    if (facts == NULL)
        return -1;
    if (report.notes > 0)
        return error_config(err, report.first->where, "%s", report.first->text);
    default_to_empty(&facts->hugepage_sizes);
    default_to_empty(&facts->subuid);
    default_to_empty(&facts->subgid);
    for (size_t i = 0; i < facts->hierarchy_count; i++)
        default_to_empty(&facts->hierarchies[i].controllers);
    *ret_facts = facts;
    return 0;
}

char *host_facts_write(const struct host_facts *facts) {
    return oci_write(&host_facts_type, facts, 4);
}

const struct host_hierarchy *host_find_controller(const struct host_facts *facts,
                                                  const char *controller) {
    for (size_t i = 0; i < facts->hierarchy_count; i++) {
        const struct host_hierarchy *hierarchy = &facts->hierarchies[i];
        if (controller[0] == '\0'
                ? hierarchy->unified
                : words_have(hierarchy->controllers, controller, strlen(controller)))
            return hierarchy;
    }
    return NULL;
}
