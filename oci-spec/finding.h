/* SPDX-License-Identifier: Apache-2.0 */
/* Where faults of a document go: the caller's error and, if asked for, a report. */
#pragma once

#include "oci-spec/document.h"

/** A JSON pointer (RFC 6901) being built; what does not fit is cut. */
struct oci_pointer {
    char text[512];
    size_t length;
};

void oci_pointer_name(struct oci_pointer *pointer, const char *name);
void oci_pointer_index(struct oci_pointer *pointer, size_t index);
/** Appends "/" and @path as it is: several segments, already escaped. */
void oci_pointer_path(struct oci_pointer *pointer, const char *path);

/** Adds to @report. */
void oci_report_add(struct oci_report *report, int severity, const char *where, const char *text);
