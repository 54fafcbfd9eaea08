/* SPDX-License-Identifier: Apache-2.0 */
/* thole_update(): new limits for a container that exists. */
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "container/state.h"
#include "host/probe.h"
#include "oci-spec/document.h"
#include "plan/build.h"

int thole_update(const struct thole_context *context, const char *id, const char *resources_json,
                 struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open_locked(context, id, &container, err) < 0)
        return -1;
    if (container_status(&container) == THOLE_STATUS_STOPPED)
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "cannot update a stopped container: container not running");
    struct oci_resources *resources = NULL;
    struct host_facts *facts = NULL;
    struct plan_cgroup *cgroup = NULL;
    if (oci_read_resources(resources_json, strlen(resources_json), &container.arena, &resources,
                           err) < 0 ||
        host_probe(&container.arena, HOST_NEED_CGROUPS | HOST_NEED_HUGEPAGES, &facts, err) < 0 ||
        plan_resources_build(resources, facts, container_cgroup(&container), &container.arena,
                             &cgroup, err) < 0)
        return -1;
    return cgroup_apply_resources(cgroup, true, &context->log, err);
}
