/* SPDX-License-Identifier: Apache-2.0 */
/* Values of elements and attributes. */
#pragma once

#include "base/error.h"
#include "virsh/domain/domain.h"
#include "virsh/xml/rows.h"

/**
 * Checks @text and stores it as the kind of @row wants it. @unit is that of a size, NULL: KiB.
 */
int virsh_value_read(const struct virsh_row *row, const char *text, const char *unit,
                     struct arena *arena, struct domain_value *value, struct thole_error *err);

/** "KiB", "k", "MB", "bytes" -> how many bytes that is; 0: there is no such unit. */
uint64_t virsh_value_unit(const char *unit);
