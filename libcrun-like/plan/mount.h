/* SPDX-License-Identifier: Apache-2.0 */
/* One mount of the plan. */
#ifndef PLAN_MOUNT_H
#define PLAN_MOUNT_H

#include "plan/builder.h"

/** Adds an empty mount on @target; it stays valid until the next one is added. */
struct plan_mount *plan_mount_add(struct plan_builder *builder, const char *target,
                                  const char *where);

/** Adds the SELinux label of the container's mounts to a file system that takes one. */
int plan_mount_label(const struct plan_builder *builder, struct plan_mount *mount,
                     struct thole_error *err);

#endif
