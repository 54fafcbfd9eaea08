/* SPDX-License-Identifier: Apache-2.0 */
/* The table of mount options and how a list of them becomes attributes and parameters. */
#ifndef PLAN_MOUNT_OPTIONS_H
#define PLAN_MOUNT_OPTIONS_H

#include "plan/builder.h"

/**
 * Name of the n-th option that thole knows (of those worth announcing in `features`), NULL behind
 * the last one.
 */
const char *plan_mount_option_name(size_t index);

/**
 * Fills kind, recursion, attributes, propagation, parameters, id map and extension flags of @mount
 * from the type and options of @wanted, which is found at the JSON pointer @where. A type of "bind"
 * or an option bind or rbind makes a bind mount; what is not in the table becomes a parameter, but
 * is an error for a bind mount.
 */
int plan_mount_options_parse(const struct plan_builder *builder, const struct oci_mount *wanted,
                             const char *where, struct plan_mount *mount, struct thole_error *err);

/** Adds a parameter to @mount; @value is NULL for a flag. */
void plan_mount_add_parameter(struct arena *arena, struct plan_mount *mount, const char *key,
                              const char *value);

/** The value of parameter @key of @mount ("" for a flag), or NULL. */
const char *plan_mount_parameter(const struct plan_mount *mount, const char *key);

/** True if the options, those for the whole tree included, forbid writing to @mount itself. */
bool plan_mount_is_readonly(const struct plan_mount *mount);

#endif
