/* SPDX-License-Identifier: Apache-2.0 */
/* Id-mapped mounts: the idmap options and the uidMappings and gidMappings of a mount. */
#ifndef PLAN_MOUNT_IDMAP_H
#define PLAN_MOUNT_IDMAP_H

#include "plan/builder.h"

/**
 * The option idmap or ridmap (@recursive). @value is NULL or "=uids=FROM-TO-SIZE#...;gids=...",
 * where @ before a triple counts TO in the container's user namespace.
 */
int plan_mount_idmap_option(const struct plan_builder *builder, const char *value, bool recursive,
                            const char *where, struct plan_mount *mount, struct thole_error *err);

/** The mappings of @wanted, which win over the option's; an option without any is checked. */
int plan_mount_idmap_members(const struct plan_builder *builder, const struct oci_mount *wanted,
                             const char *where, struct plan_mount *mount, struct thole_error *err);

#endif
