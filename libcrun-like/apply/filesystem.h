/* SPDX-License-Identifier: Apache-2.0 */
/* New instances of filesystems, not attached to any place yet. Runs in init. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"
#include "sys/close_later.h"

/* fsconfig(2) takes no longer value; mount(2) takes a page for all of them. */
enum { APPLY_FSCONFIG_MAX = 255, APPLY_MOUNT_DATA_MAX = 4095 };

/** A detached mount of @type with the given parameters and MOUNT_ATTR_* attributes. What it was
 * made with is left to @closing. */
int apply_filesystem_new(const char *type, const char *source, const struct plan_pair *parameters,
                         size_t parameter_count, uint64_t attributes, const char *where,
                         struct sys_close_later *closing, struct thole_error *err);

/** Other parameters for the filesystem whose mount is open as @target, called @name in errors. */
int apply_filesystem_change(int target, const char *name, const struct plan_pair *parameters,
                            size_t parameter_count, const char *where, struct thole_error *err);

/** True for what mount(2) can do and fsconfig(2) cannot, or not on every kernel. */
bool apply_filesystem_needs_mount(const char *type, const char *source,
                                  const struct plan_pair *parameters, size_t parameter_count);

/** As apply_filesystem_new(), by mount(2), in @scratch: an empty tmpfs that is mounted nowhere. */
int apply_filesystem_mount(int scratch, const char *type, const char *source,
                           const struct plan_pair *parameters, size_t parameter_count,
                           uint64_t attributes, const char *where, struct thole_error *err);

/** As apply_filesystem_change(), by mount(2). -1 with errno set. */
int apply_filesystem_remount(int target, const struct plan_pair *parameters,
                             size_t parameter_count);
