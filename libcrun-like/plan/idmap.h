/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of the container and of the host. */
#ifndef PLAN_IDMAP_H
#define PLAN_IDMAP_H

#include "plan/builder.h"

/**
 * True if @id of the container has a meaning on the host. Always true without a new user namespace.
 * @ret_host_id may be NULL.
 */
bool plan_map_id(const struct plan_builder *builder, bool group, uint32_t id,
                 uint32_t *ret_host_id);

/** Mappings in the kernel's format, one line each. */
const char *plan_id_map_text(struct arena *arena, const struct oci_id_mapping *mappings,
                             size_t count);

#endif
