/* SPDX-License-Identifier: Apache-2.0 */
/* thole's facts about a machine: those that a conversion asks for. */
#include "lxc/convert/host.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/words.h"
#include "oci-spec/fields.h"
#include "oci-spec/reader.h"
#include "thole.h"

static const struct oci_field lxc_hierarchy_fields[] = {
    OCI_FIELD(lxc_hierarchy, "unified", unified),
    OCI_FIELD(lxc_hierarchy, "controllers", controllers),
};
static OCI_TYPE(lxc_hierarchy);

static const struct oci_field lxc_host_fields[] = {
    OCI_FIELD(lxc_host, "apparmor", apparmor),
    OCI_FIELD(lxc_host, "selinux", selinux),
    OCI_FIELD(lxc_host, "cgroup_namespaces", cgroup_namespaces),
    {.name = "capabilities",
     .kind = OCI_KIND_HEX,
     .offset = offsetof(struct lxc_host, capabilities)},
    OCI_COUNTED_OBJECTS(lxc_host, "hierarchies", hierarchies, hierarchy_count, lxc_hierarchy),
};
static OCI_TYPE(lxc_host);

int lxc_host_read(const char *facts, struct arena *arena, struct lxc_host **ret_host,
                  struct thole_error *err) {
    cleanup_free char *own = NULL;
    if (facts == NULL && thole_host_facts(&own, err) < 0)
        return -1;
    const char *json = facts != NULL ? facts : own;
    *ret_host = oci_read(&lxc_host_type, json, strlen(json), arena, NULL, err);
    return *ret_host != NULL ? 0 : -1;
}

bool lxc_host_is_unified(const struct lxc_host *host) {
    return host->hierarchy_count == 1 && host->hierarchies[0].unified;
}

bool lxc_host_is_v1(const struct lxc_host *host, const char *controller) {
    for (size_t i = 0; i < host->hierarchy_count; i++) {
        const struct lxc_hierarchy *hierarchy = &host->hierarchies[i];
        if (!hierarchy->unified && hierarchy->controllers != NULL &&
            words_have(hierarchy->controllers, controller, strlen(controller)))
            return true;
    }
    return false;
}
