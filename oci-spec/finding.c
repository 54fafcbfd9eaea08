/* SPDX-License-Identifier: Apache-2.0 */
/* JSON pointers and the list of findings. */
#include "oci-spec/finding.h"

#include <stdio.h>
#include <string.h>

#include "oci-spec/unicode.h"

void oci_pointer_path(struct oci_pointer *pointer, const char *path) {
    const size_t room = sizeof(pointer->text) - pointer->length;
    int length = snprintf(pointer->text + pointer->length, room, "/%s", path);
    pointer->length += (size_t)length < room ? (size_t)length : room - 1;
}

void oci_pointer_index(struct oci_pointer *pointer, size_t index) {
    char digits[24];
    (void)snprintf(digits, sizeof(digits), "%zu", index);
    oci_pointer_path(pointer, digits);
}

void oci_pointer_name(struct oci_pointer *pointer, const char *name) {
    oci_pointer_path(pointer, "");
    char *end = pointer->text + pointer->length;
    (void)oci_unicode_copy(end, sizeof(pointer->text) - pointer->length, name, strlen(name), true);
    pointer->length += strlen(end);
}

void oci_report_add(struct oci_report *report, int severity, const char *where, const char *text) {
    struct oci_finding *finding = arena_new(report->arena, struct oci_finding);
    finding->severity = severity;
    finding->where = arena_strdup(report->arena, where);
    finding->text = arena_strdup(report->arena, text);
    if (report->last != NULL)
        report->last->next = finding;
    else
        report->first = finding;
    report->last = finding;
    if (severity == OCI_FINDING_ERROR)
        report->errors++;
    else
        report->notes++;
}
