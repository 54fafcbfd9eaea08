/* SPDX-License-Identifier: Apache-2.0 */
/* The engine that reads any document by its table. */
#ifndef OCI_READER_H
#define OCI_READER_H

#include "oci-spec/document.h"
#include "oci-spec/fields.h"

/**
 * Reads @json into a struct of @type, which it returns and which lives in @arena. @report may be
 * NULL. Returns NULL with the first error in @err.
 */
void *oci_read(const struct oci_type *type, const char *json, size_t length, struct arena *arena,
               struct oci_report *report, struct thole_error *err);

#endif
