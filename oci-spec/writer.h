/* SPDX-License-Identifier: Apache-2.0 */
/* The engine that writes any document by its table. */
#ifndef OCI_WRITER_H
#define OCI_WRITER_H

#include "oci-spec/fields.h"

/** Returns @object, a struct of @type, as malloc'ed JSON in the order of the table's rows. */
char *oci_write(const struct oci_type *type, const void *object, int indent);

#endif
