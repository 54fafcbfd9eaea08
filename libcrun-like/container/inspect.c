/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that only look: thole_plan(), thole_validate(), thole_host_facts(), build information.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "config.h"
#include "container/bundle.h"
#include "host/probe.h"
#include "plan/print.h"
#include "security/sealed.h"
#include "security/seccomp.h"

enum { FACTS_MAX = 1024 * 1024 };

int thole_plan(const struct thole_context *context, const struct thole_create_request *request,
               const char *facts_file, bool json, char **ret_text, struct thole_error *err) {
    cleanup_bundle struct bundle bundle = {0};
    cleanup_free char *facts = NULL;
    if (facts_file != NULL && file_read_at(AT_FDCWD, facts_file, FACTS_MAX, &facts, NULL, err) < 0)
        return -1;
    if (bundle_read(request, NULL, &bundle, err) < 0 ||
        bundle_plan(context, request, facts, NULL, &bundle, err) < 0)
        return -1;
    *ret_text = json ? plan_print_json(bundle.plan) : plan_print_text(bundle.plan);
    return 0;
}

int thole_host_facts(char **ret_json, struct thole_error *err) {
    cleanup_arena struct arena arena = {0};
    struct host_facts *facts = NULL;
    if (host_probe(&arena, HOST_NEED_ALL, &facts, err) < 0)
        return -1;
    *ret_json = host_facts_write(facts);
    return 0;
}

static char *copy(const char *string) {
    char *result = strdup(string);
    if (result == NULL)
        abort();
    return result;
}

int thole_validate(const struct thole_context *context, const struct thole_create_request *request,
                   struct thole_finding **ret_findings, size_t *ret_count,
                   struct thole_error *err) {
    (void)context;
    cleanup_bundle struct bundle bundle = {0};
    struct oci_report report = {.arena = &bundle.arena};
    struct thole_error reading = {0};
    if (bundle_read(request, &report, &bundle, &reading) < 0 && report.first == NULL) {
        *err = reading;
        return -1;
    }
    struct thole_finding *findings = calloc(report.errors + report.notes + 1, sizeof(*findings));
    if (findings == NULL)
        abort();
    size_t count = 0;
    for (const struct oci_finding *finding = report.first; finding != NULL; finding = finding->next)
        findings[count++] = (struct thole_finding){
            .error = finding->severity == OCI_FINDING_ERROR,
            .where = copy(finding->where),
            .text = copy(finding->text),
        };
    *ret_findings = findings;
    *ret_count = count;
    return 0;
}

#ifdef HAVE_LIBSECCOMP
#define SECCOMP_SIGN "+"
#else
#define SECCOMP_SIGN "-"
#endif
#ifdef HAVE_LIBSELINUX
#define SELINUX_SIGN "+"
#else
#define SELINUX_SIGN "-"
#endif
#ifdef HAVE_LIBAPPARMOR
#define APPARMOR_SIGN "+"
#else
#define APPARMOR_SIGN "-"
#endif
#ifdef HAVE_LIBSYSTEMD
#define SYSTEMD_SIGN "+"
#else
#define SYSTEMD_SIGN "-"
#endif
#ifdef HAVE_LIBCRIU
#define CRIU_SIGN "+"
#else
#define CRIU_SIGN "-"
#endif

const char *thole_build_features(void) {
    return "+CAP +EBPF +YAJL " SECCOMP_SIGN "SECCOMP " SELINUX_SIGN "SELINUX " APPARMOR_SIGN
           "APPARMOR " SYSTEMD_SIGN "SYSTEMD " CRIU_SIGN "CRIU";
}

const char *thole_seccomp_version(void) {
    return seccomp_version();
}

int thole_seal_executable(char *const argv[], struct thole_error *err) {
    return sealed_reexecute(argv, err);
}

char *thole_original_path(void) {
    return sealed_original_path();
}

int thole_leave_for_twin(const char *executable, const char *directory, char *const argv[],
                         struct thole_error *err) {
    return sealed_leave_for_twin(executable, directory, argv, err);
}
