/* SPDX-License-Identifier: Apache-2.0 */
/* What every translation writes into its configuration. */
#pragma once

#include "base/arena.h"
#include "oci-spec/append.h"
#include "oci-spec/spec.h"
#include "translate/host.h"

/** An empty configuration: with root, process, its user, linux and hooks. */
struct oci_config *translate_config_new(struct arena *arena);

/** Adds a mount with a NULL-terminated list of options; it stays valid until the next is added. */
struct oci_mount *translate_mount_add(struct arena *arena, struct oci_config *config,
                                      const char *destination, const char *type, const char *source,
                                      const char *const *options);

/**
 * Gives the process the capabilities of @wanted (bits of CAP_*) that @host can give; in a user
 * namespace of its own, which has to be known, it can have them all.
 */
void translate_capabilities(struct arena *arena, struct oci_config *config,
                            const struct translate_host *host, uint64_t wanted);

/** True if the group @id is one inside; so is every one without a user namespace. */
bool translate_maps_group(const struct oci_config *config, uint32_t id);
