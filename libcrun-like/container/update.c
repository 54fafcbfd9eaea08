/* SPDX-License-Identifier: Apache-2.0 */
/* thole_update(): new limits for a container that exists. */
#include <string.h>

#include "base/cleanup.h"
#include "cgroup/cgroup.h"
#include "cgroup/reader.h"
#include "container/state.h"
#include "host/probe.h"
#include "oci-spec/document.h"
#include "plan/build.h"

static bool is_given(const struct oci_int *number) {
    return number->set && number->value != 0;
}

/* Where one file holds two members, or one limit includes another, an update of one keeps the
 * other: what is missing is filled in from what holds now. */
static int complete(struct oci_resources *resources, const struct plan_cgroup *cgroup,
                    struct thole_error *err) {
    cleanup_cgroup_reader struct cgroup_reader reader = {0};
    struct oci_cpu *cpu = resources->cpu;
    struct oci_memory *memory = resources->memory;
    if (cgroup_reader_open(cgroup, &reader, err) < 0)
        return -1;
    uint64_t now = 0;
    cleanup_free char *bandwidth = cgroup_reader_text(&reader, "cpu", NULL, "cpu.max");
    const char *period = bandwidth != NULL ? strchr(bandwidth, ' ') : NULL;
    if (cpu != NULL && period != NULL) {
        if (!cpu->quota.set && cgroup_number_find(bandwidth, NULL, &now))
            cpu->quota = (struct oci_int){.set = true, .value = (int64_t)now};
        if (cpu->period.value == 0 && cgroup_number_find(period + 1, NULL, &now))
            cpu->period = (struct oci_uint){.set = true, .value = now};
    }
    if (memory != NULL && memory->swap.value > 0 && !is_given(&memory->limit)) {
        cleanup_free char *limit =
            cgroup_reader_text(&reader, "memory", "memory.limit_in_bytes", "memory.max");
        if (cgroup_number_find(limit, NULL, &now))
            memory->limit = (struct oci_int){.set = true, .value = (int64_t)now};
    }
    return 0;
}

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
        complete(resources, container_cgroup(&container), err) < 0 ||
        host_probe(&container.arena, HOST_NEED_CGROUPS | HOST_NEED_HUGEPAGES, &facts, err) < 0 ||
        plan_resources_build(resources, facts, container_cgroup(&container), &container.arena,
                             &cgroup, err) < 0)
        return -1;
    return cgroup_apply_resources(cgroup, true, &context->log, err);
}
