/* SPDX-License-Identifier: Apache-2.0 */
/* New instances of file systems: fsopen(2). */
#ifndef APPLY_FILESYSTEM_H
#define APPLY_FILESYSTEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/plan.h"

/** A detached mount of @type with the given parameters and MOUNT_ATTR_* attributes. */
int apply_filesystem_new(const char *type, const char *source, const struct plan_pair *parameters,
                         size_t parameter_count, uint64_t attributes, const char *where,
                         struct thole_error *err);

#endif
