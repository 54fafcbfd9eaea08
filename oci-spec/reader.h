/* SPDX-License-Identifier: Apache-2.0 */
/* The engine that reads any document by its table. */
#pragma once

#include "oci-spec/document.h"
#include "oci-spec/fields.h"

/**
 * Reads @json into a struct of @type, which it returns and which lives in @arena. @report may be
 * NULL. Returns NULL with the first error in @err.
 */
void *oci_read(const struct oci_type *type, const char *json, size_t length, struct arena *arena,
               struct oci_report *report, struct thole_error *err);

/** Reports an error at @relative ("rlimits/3/type") below the object being checked, or at itself.
 */
void oci_complain(struct oci_reader *reader, const char *relative, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
