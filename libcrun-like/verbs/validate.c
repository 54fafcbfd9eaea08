/* SPDX-License-Identifier: Apache-2.0 */
/* thole_validate(): reads and plans a bundle for a machine that has everything. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "create/bundle.h"
#include "oci-spec/finding.h"
#include "plan/build.h"
#include "security/seccomp_compile.h"
#include "state/request.h"

/* What is wrong with a configuration does not depend on the host: this one lacks nothing. */
static struct host_hierarchy hierarchies[] = {
    {.mountpoint = "/sys/fs/cgroup/net_cls", .controllers = "net_cls,net_prio", .own_path = "/"},
    {.unified = true,
     .mountpoint = "/sys/fs/cgroup",
     .controllers = "cpuset,cpu,io,memory,hugetlb,pids,rdma,misc",
     .own_path = "/"},
};
static const struct host_facts neutral_host = {
    .privileged = true,
    .capabilities = UINT64_MAX,
    .last_capability = 63,
    .cgroup_namespaces = true,
    .time_namespaces = true,
    .swap_accounting = true,
    .selinux = true,
    .selinux_mls = true,
    .apparmor = true,
    .resctrl = "/sys/fs/resctrl",
    .hugepage_sizes = "",
    .hierarchies = hierarchies,
    .hierarchy_count = sizeof(hierarchies) / sizeof(hierarchies[0]),
};

/* Lines that begin with a JSON pointer. */
static void note_line(void *userdata, enum thole_log_level level, const char *line) {
    (void)level;
    struct oci_report *report = userdata;
    const char *colon = strstr(line, ": ");
    if (line[0] == '/' && colon != NULL)
        oci_report_add(report, OCI_FINDING_NOTE,
                       arena_strndup(report->arena, line, (size_t)(colon - line)), colon + 2);
}

static void check_filter(const struct plan *plan, struct oci_report *report) {
    const struct thole_log log = {.level = THOLE_LOG_DEBUG, .write = note_line, .userdata = report};
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    struct thole_error failure = {0};
    if (plan->seccomp == NULL)
        return;
    int result = seccomp_compile(plan->seccomp, &log, &filter, &failure);
    if (result == 0 && plan->process != NULL)
        result = seccomp_filter_check(&filter, plan->process->no_new_privileges,
                                      plan->seccomp->where, &failure);
    if (result < 0 && failure.kind == THOLE_ERROR_CONFIG)
        oci_report_add(report, OCI_FINDING_ERROR, failure.where, failure.text);
}

static void check_root(const struct plan *plan, struct oci_report *report) {
    cleanup_close int root = -1;
    if (plan->rootfs.source == NULL)
        return;
    root = open(plan->rootfs.source, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        oci_report_add(report, OCI_FINDING_ERROR, plan->rootfs.where,
                       arena_printf(report->arena, "open rootfs %s: %s", plan->rootfs.source,
                                    strerror(errno)));
}

static char *copy(const char *string) {
    char *result = strdup(string);
    if (result == NULL)
        abort();
    return result;
}

static struct oci_position position_of(const struct oci_finding *finding,
                                       const struct bundle *bundle) {
    if (finding->at.line > 0)
        return finding->at;
    return oci_position_find(bundle->json, bundle->json_length, finding->where);
}

static void list_findings(const struct oci_report *report, const struct bundle *bundle,
                          struct thole_finding **ret_findings, size_t *ret_count) {
    struct thole_finding *findings = calloc(report->errors + report->notes + 1, sizeof(*findings));
    if (findings == NULL)
        abort();
    size_t count = 0;
    for (const struct oci_finding *finding = report->first; finding != NULL;
         finding = finding->next) {
        const struct oci_position at = position_of(finding, bundle);
        findings[count++] = (struct thole_finding){
            .error = finding->severity == OCI_FINDING_ERROR,
            .where = copy(finding->where),
            .text = copy(finding->text),
            .line = (unsigned)at.line,
            .column = (unsigned)at.column,
        };
    }
    *ret_findings = findings;
    *ret_count = count;
}

int thole_validate(const struct thole_context *context, const struct thole_create_request *request,
                   struct thole_finding **ret_findings, size_t *ret_count,
                   struct thole_error *err) {
    cleanup_bundle struct bundle bundle = {0};
    struct oci_report report = {.arena = &bundle.arena};
    struct thole_error reading = {0};
    if (request_check(request->reserved, err) < 0)
        return -1;
    if (bundle_read(request, &report, &bundle, &reading) < 0 && report.errors == 0) {
        *err = reading;
        return -1;
    }
    if (report.errors == 0) {
        const struct plan_request wish = {
            .id = request->id,
            .bundle = bundle.path,
            .cgroup_manager = (enum plan_cgroup_manager)context->cgroup_manager,
            .report = &report,
        };
        if (plan_build(bundle.config, &neutral_host, &wish, &bundle.arena, &bundle.plan, err) < 0)
            return -1;
        check_root(bundle.plan, &report);
        check_filter(bundle.plan, &report);
    }
    list_findings(&report, &bundle, ret_findings, ret_count);
    return 0;
}
