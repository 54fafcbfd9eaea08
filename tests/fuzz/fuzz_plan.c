/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target: any accepted configuration can be planned, or refused in one line, on a host
 * with cgroup v2, with v1 and with both, and the plan can be printed.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci-spec/document.h"
#include "plan/build.h"
#include "plan/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct host_hierarchy hierarchies[] = {
    {.unified = true,
     .mountpoint = "/sys/fs/cgroup",
     .controllers = "cpuset,cpu,io,memory,hugetlb,pids",
     .own_path = "/"},
    {.mountpoint = "/sys/fs/cgroup/memory", .controllers = "memory", .own_path = "/"},
    {.mountpoint = "/sys/fs/cgroup/devices", .controllers = "devices", .own_path = "/"},
};

static void plan_on(const struct oci_config *config, const struct host_facts *facts) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct plan *plan = NULL;
    const struct plan_request request = {.id = "fuzz", .bundle = "/bundle"};
    if (plan_build(config, facts, &request, &arena, &plan, &err) < 0) {
        if (err.text[0] == '\0' || strchr(err.text, '\n') != NULL)
            abort();
        return;
    }
    free(plan_print_text(plan));
    free(plan_print_json(plan));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct oci_config *config = NULL;
    if (oci_read_config((const char *)data, size, &arena, NULL, &config, &err) < 0)
        return 0;
    struct host_facts facts = {
        .privileged = true,
        .capabilities = UINT64_MAX,
        .last_capability = 40,
        .cgroup_namespaces = true,
        .time_namespaces = true,
        .hugepage_sizes = "2MB",
        .subuid = "",
        .subgid = "",
        .hierarchies = hierarchies,
        .hierarchy_count = 1,
    };
    plan_on(config, &facts);
    facts.hierarchy_count = 3;
    plan_on(config, &facts);
    facts.hierarchies = hierarchies + 1;
    facts.hierarchy_count = 2;
    facts.privileged = false;
    facts.euid = 1000;
    plan_on(config, &facts);
    return 0;
}
