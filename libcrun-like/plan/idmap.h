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

/**
 * Mappings in the kernel's format, one line each. What the kernel would answer with EINVAL alone is
 * an error that names the mapping, below @where.
 */
int plan_id_map_text(struct arena *arena, const oci_id_mappings *mappings, const char *where,
                     const char **ret_text, struct thole_error *err);

#endif
