/* SPDX-License-Identifier: Apache-2.0 */
/* thole's facts about a machine: those that a conversion asks for. */
#include "translate/host.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/words.h"
#include "oci-spec/fields.h"
#include "oci-spec/reader.h"
#include "thole.h"

static const struct oci_field translate_hierarchy_fields[] = {
    OCI_FIELD(translate_hierarchy, "unified", unified),
    OCI_FIELD(translate_hierarchy, "controllers", controllers),
};
static OCI_TYPE(translate_hierarchy);

static const struct oci_field translate_host_fields[] = {
    OCI_FIELD(translate_host, "apparmor", apparmor),
    OCI_FIELD(translate_host, "selinux", selinux),
    OCI_FIELD(translate_host, "selinux_enforcing", selinux_enforcing),
    OCI_FIELD(translate_host, "selinux_mls", selinux_mls),
    OCI_NUMBER(translate_host, "euid", euid, 0, UINT32_MAX),
    OCI_FIELD(translate_host, "cgroup_namespaces", cgroup_namespaces),
    {.name = "capabilities",
     .kind = OCI_KIND_HEX,
     .offset = offsetof(struct translate_host, capabilities)},
    OCI_COUNTED_OBJECTS(translate_host, "hierarchies", hierarchies, hierarchy_count,
                        translate_hierarchy),
};
static OCI_TYPE(translate_host);

int translate_host_read(const char *facts, struct arena *arena, struct translate_host **ret_host,
                        struct thole_error *err) {
    cleanup_free char *own = NULL;
    if (facts == NULL && thole_host_facts(&own, err) < 0)
        return -1;
    const char *json = facts != NULL ? facts : own;
    *ret_host = oci_read(&translate_host_type, json, strlen(json), arena, NULL, err);
    return *ret_host != NULL ? 0 : -1;
}

bool translate_host_is_unified(const struct translate_host *host) {
    return host->hierarchy_count == 1 && host->hierarchies[0].unified;
}

bool translate_host_is_v1(const struct translate_host *host, const char *controller) {
    for (size_t i = 0; i < host->hierarchy_count; i++) {
        const struct translate_hierarchy *hierarchy = &host->hierarchies[i];
        if (!hierarchy->unified && hierarchy->controllers != NULL &&
            words_have(hierarchy->controllers, controller, strlen(controller)))
            return true;
    }
    return false;
}
