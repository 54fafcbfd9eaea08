/* SPDX-License-Identifier: Apache-2.0 */
/*
 * any accepted configuration can be planned, or refused in one line, on a host
 * with cgroup v2, with v1 and with both, and the plan can be printed.
 */
#include <string.h>

#include "base/cleanup.h"
#include "oci-spec/document.h"
#include "plan/build.h"
#include "plan/print.h"
#include "targets.h"

static void plan_on(const struct oci_config *config, const struct host_facts *facts) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct plan *plan = NULL;
    const struct plan_request request = {.id = "fuzz", .bundle = "/bundle"};
    if (plan_build(config, facts, &request, &arena, &plan, &err) < 0) {
        fuzz_require_line(&err);
        return;
    }
    free(plan_print_text(plan));
    free(plan_print_json(plan));
}

void fuzz_plan(const uint8_t *data, size_t size) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct oci_config *config = NULL;
    if (oci_read_config((const char *)data, size, &arena, NULL, &config, &err) < 0)
        return;
    for (size_t i = 0; i < FUZZ_HOSTS; i++)
        plan_on(config, fuzz_host(i));
}
