/* SPDX-License-Identifier: Apache-2.0 */
/* thole_validate(). */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "create/bundle.h"

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
