/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts of a host that `plan --facts` is given: refused at a place in one line, or read,
 * written and read again as the same, and good enough to plan a container that asks for much.
 */
#include <string.h>

#include "base/cleanup.h"
#include "oci-spec/document.h"
#include "plan/build.h"
#include "plan/print.h"
#include "targets.h"

/* Something of all that a plan asks the facts about. */
static const char wishes[] =
    "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"rootfs\"},\"mounts\":["
    "{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":\"cgroup\"},"
    "{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\"}],"
    "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],\"capabilities\":{\"bounding\":[\"CAP_CHOWN\","
    "\"CAP_BPF\"],\"permitted\":[\"CAP_CHOWN\"]}},\"linux\":{\"namespaces\":[{\"type\":\"mount\"},"
    "{\"type\":\"pid\"},{\"type\":\"cgroup\"}%s],\"resources\":{\"devices\":[{\"allow\":false,"
    "\"access\":\"rwm\"}],\"memory\":{\"limit\":4194304,\"swap\":8388608},\"cpu\":{\"shares\":9,"
    "\"quota\":5000,\"period\":9000,\"cpus\":\"0-1\"},\"pids\":{\"limit\":7},\"hugepageLimits\":"
    "[{\"pageSize\":\"2MB\",\"limit\":1}],\"blockIO\":{\"weight\":100},\"unified\":"
    "{\"memory.high\":\"9\"}}}}";

static void plan_for(const struct host_facts *facts, const char *more, int manager) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct oci_config *config = NULL;
    struct plan *plan = NULL;
    const char *json = arena_printf(&arena, wishes, more);
    const struct plan_request request = {
        .id = "fuzz", .bundle = "/bundle", .cgroup_manager = (enum plan_cgroup_manager)manager};
    require(oci_read_config(json, strlen(json), &arena, NULL, &config, &err) == 0);
    if (manager == PLAN_CGROUP_DISABLED)
        config->linux->resources = NULL;
    if (plan_build(config, facts, &request, &arena, &plan, &err) < 0) {
        fuzz_require_line(&err);
        return;
    }
    free(plan_print_text(plan));
    free(plan_print_json(plan));
}

void fuzz_facts(const uint8_t *data, size_t size) {
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    struct host_facts *facts = NULL;
    struct host_facts *again = NULL;
    if (host_facts_read((const char *)data, size, &arena, &facts, &err) < 0) {
        fuzz_require_line(&err);
        require(err.where[0] == '/');
        return;
    }
    cleanup_free char *written = host_facts_write(facts);
    require(host_facts_read(written, strlen(written), &arena, &again, &err) == 0);
    cleanup_free char *rewritten = host_facts_write(again);
    require(strcmp(written, rewritten) == 0);
    for (int manager = PLAN_CGROUP_FILES; manager <= PLAN_CGROUP_DISABLED; manager++) {
        plan_for(facts, "", manager);
        plan_for(facts, ",{\"type\":\"user\"}", manager);
    }
}
