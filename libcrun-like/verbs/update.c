/* SPDX-License-Identifier: Apache-2.0 */
/* thole_update(): new limits for a container that exists. */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/reader.h"
#include "cgroup/resources.h"
#include "create/audit.h"
#include "host/probe.h"
#include "oci-spec/document.h"
#include "oci-spec/fields.h"
#include "oci-spec/writer.h"
#include "plan/build.h"
#include "plan/cgroup.h"
#include "resctrl/group.h"
#include "state/request.h"
#include "state/status.h"

static bool ask_for_anything(const struct oci_resources *resources) {
    static const struct oci_field whole = {.kind = OCI_KIND_INLINE_OBJECT,
                                           .type = &oci_resources_type};
    return !oci_is_absent(&whole, resources);
}

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
    return cgroup_reader_check(&reader, err);
}

static bool is_same_device(const struct oci_device_rule *a, const struct oci_device_rule *b) {
    return text_equal(a->type, b->type) && text_equal(a->access, b->access) &&
           a->major.set == b->major.set && a->minor.set == b->minor.set &&
           a->major.value == b->major.value && a->minor.value == b->minor.value;
}

/* Rules that were put on top before stay, but for those that @resources says anew. */
static void keep_later_devices(struct container *container, struct oci_resources *resources) {
    const struct container_record *record = container->record;
    const size_t given = resources->devices.count;
    struct oci_device_rule *rules = arena_new_array(
        &container->arena, record->later_devices.count + given, struct oci_device_rule);
    size_t count = 0;
    for (size_t i = 0; i < record->later_devices.count; i++) {
        bool superseded = false;
        for (size_t k = 0; k < given; k++)
            superseded = superseded || is_same_device(&record->later_devices.items[i],
                                                      &resources->devices.items[k]);
        if (!superseded)
            rules[count++] = record->later_devices.items[i];
    }
    memcpy(&rules[count], resources->devices.items, given * sizeof(*rules));
    resources->devices.items = rules;
    resources->devices.count = count + given;
}

/* What rules come on top of: those of the last update that replaced all, else the configuration's.
 */
static void set_base(struct container *container, struct oci_config *config) {
    const struct container_record *record = container->record;
    if (record->devices.count == 0)
        return;
    if (config->linux == NULL)
        config->linux = arena_new(&container->arena, struct oci_linux);
    if (config->linux->resources == NULL)
        config->linux->resources = arena_new(&container->arena, struct oci_resources);
    config->linux->resources->devices.items = record->devices.items;
    config->linux->resources->devices.count = record->devices.count;
}

static int save_devices(struct container *container, const struct oci_resources *resources,
                        bool on_top, struct thole_error *err) {
    struct container_record *record = container->record;
    if (resources->devices.count == 0)
        return 0;
    record->later_devices.items = resources->devices.items;
    record->later_devices.count = on_top ? resources->devices.count : 0;
    if (!on_top) {
        record->devices.items = resources->devices.items;
        record->devices.count = resources->devices.count;
    }
    return container_save(container, err);
}

/* Returns 1 if schemata were written, 0 if none are asked for. */
static int update_rdt(struct container *container, const struct thole_update *update,
                      const struct host_facts *facts, char **ret_former, struct thole_error *err) {
    char *lines[2] = {NULL, NULL};
    struct plan_strings schemata = {.items = lines};
    if (update->l3_cache_schema != NULL)
        lines[schemata.count++] = arena_strdup(&container->arena, update->l3_cache_schema);
    if (update->mem_bw_schema != NULL)
        lines[schemata.count++] = arena_strdup(&container->arena, update->mem_bw_schema);
    if (schemata.count == 0)
        return 0;
    if (facts->resctrl == NULL)
        return error_unsupported(
            err, NULL, "an Intel RDT schema is asked for, but no resctrl file system is mounted");
    const bool had_group = container->record->rdt_class != NULL;
    int result = resctrl_update(facts->resctrl, &schemata, container_cgroup(container),
                                container->record, &container->arena, ret_former, err);
    /* Saved even after an error: what was made has to be removed some day. */
    if (!had_group && container->record->rdt_class != NULL && container_save(container, err) < 0)
        return -1;
    return result < 0 ? -1 : 1;
}

static int check_status(struct container *container, struct thole_error *err) {
    enum thole_status status;
    if (container_status(container, &status, err) < 0)
        return -1;
    if (status == THOLE_STATUS_STOPPED)
        return error_state(err, "cannot update a stopped container: container not running");
    if (status == THOLE_STATUS_CREATING)
        return error_state(err, "cannot update a container that is being created");
    return 0;
}

/* What is asked for, completed, and what that comes to in @ret_cgroup; NULL: an error. */
static struct oci_resources *plan_update(struct container *container,
                                         const struct thole_update *update,
                                         const struct host_facts *facts,
                                         struct plan_cgroup **ret_cgroup, struct thole_error *err) {
    struct oci_resources *resources = NULL;
    struct oci_config *config = NULL;
    if (oci_read_resources(update->resources, strlen(update->resources), &container->arena,
                           &resources, err) < 0 ||
        complete(resources, container_cgroup(container), err) < 0 ||
        (resources->devices.count > 0 && container_read_config(container, &config, err) < 0))
        return NULL;
    if (update->devices_on_top && resources->devices.count > 0) {
        set_base(container, config);
        keep_later_devices(container, resources);
    }
    const struct plan_updated updated = {
        .cgroup = container_cgroup(container),
        .oci_version = container->record->oci_version,
        .config = config,
        .devices_on_top = update->devices_on_top,
    };
    const bool rdt = update->l3_cache_schema != NULL || update->mem_bw_schema != NULL;
    if (updated.cgroup->directory_count == 0 && (!rdt || ask_for_anything(resources))) {
        (void)error_set(err, THOLE_ERROR_UNSUPPORTED, 0, NULL,
                        "the container is in no cgroup that could have limits");
        return NULL;
    }
    if (plan_resources_build(resources, &updated, facts, &container->arena, ret_cgroup, err) < 0)
        return NULL;
    return resources;
}

int thole_update(const struct thole_context *context, const char *id,
                 const struct thole_update *update, struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    struct host_facts *facts = NULL;
    struct plan_cgroup *cgroup = NULL;
    if (request_check(update->reserved, err) < 0 ||
        container_open_locked(context, id, &container, err) < 0 ||
        check_status(&container, err) < 0 ||
        host_probe(&container.arena, HOST_NEED_CGROUPS | HOST_NEED_HUGEPAGES | HOST_NEED_RESCTRL,
                   &facts, err) < 0)
        return -1;
    const struct oci_resources *resources = plan_update(&container, update, facts, &cgroup, err);
    if (resources == NULL)
        return -1;
    cleanup_free char *former = NULL;
    int changed = update_rdt(&container, update, facts, &former, err);
    if (changed < 0)
        return -1;
    const struct plan_cgroup *before = create_audit_former(context, &container, cgroup);
    int result = cgroup_update(cgroup, &context->log, err);
    create_audit_update(context, &container, cgroup, before, result == 0);
    if (result < 0 && changed > 0)
        resctrl_restore(container.record, former);
    return result < 0 ? -1 : save_devices(&container, resources, update->devices_on_top, err);
}
