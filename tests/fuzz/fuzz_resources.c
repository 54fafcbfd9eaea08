/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `update --resources` is given: refused at a place in one line, or read, written and read
 * again as the same; and planned on every kind of host, with writes that stay in their directory.
 */
#include <string.h>

#include "base/cleanup.h"
#include "oci-spec/document.h"
#include "oci-spec/fields.h"
#include "oci-spec/writer.h"
#include "plan/cgroup.h"
#include "targets.h"

static void check_written(const struct oci_resources *resources) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct oci_resources *again = NULL;
    cleanup_free char *written = oci_write(&oci_resources_type, resources, 0);
    require(oci_read_resources(written, strlen(written), &arena, &again, &err) == 0);
    cleanup_free char *rewritten = oci_write(&oci_resources_type, again, 0);
    require(strcmp(written, rewritten) == 0);
}

static void check_plan(const struct plan_cgroup *cgroup) {
    for (size_t i = 0; i < cgroup->write_count; i++) {
        const struct plan_cgroup_write *write = &cgroup->writes[i];
        require(write->directory < cgroup->directory_count);
        require(write->file[0] != '\0' && write->file[0] != '.' && write->value != NULL);
        require(strchr(write->file, '/') == NULL && write->where[0] == '/');
    }
    for (size_t i = 0; i < cgroup->device_rule_count; i++)
        require(strchr("abc", cgroup->device_rules[i].type) != NULL);
}

static void plan_on(const struct oci_resources *resources, const struct host_facts *facts,
                    bool on_top) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct plan_cgroup_directory directories[8];
    struct plan_cgroup *planned = NULL;
    const struct plan_cgroup cgroup = {.directories = directories,
                                       .directory_count = facts->hierarchy_count};
    const struct oci_config config = {0};
    const struct plan_updated updated = {.cgroup = &cgroup,
                                         .oci_version = "1.3.0",
                                         .config = on_top ? &config : NULL,
                                         .devices_on_top = on_top};
    for (size_t i = 0; i < facts->hierarchy_count; i++) {
        const struct host_hierarchy *hierarchy = &facts->hierarchies[i];
        directories[i] = (struct plan_cgroup_directory){hierarchy->unified, hierarchy->controllers,
                                                        hierarchy->mountpoint, "/fuzz"};
    }
    if (plan_resources_build(resources, &updated, facts, &arena, &planned, &err) < 0)
        fuzz_require_line(&err);
    else
        check_plan(planned);
}

void fuzz_resources(const uint8_t *data, size_t size) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct oci_resources *resources = NULL;
    if (oci_read_resources((const char *)data, size, &arena, &resources, &err) < 0) {
        fuzz_require_line(&err);
        require(err.where[0] == '/');
        return;
    }
    check_written(resources);
    for (size_t i = 0; i < FUZZ_HOSTS; i++) {
        plan_on(resources, fuzz_host(i), false);
        plan_on(resources, fuzz_host(i), true);
    }
}
