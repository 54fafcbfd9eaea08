/* SPDX-License-Identifier: Apache-2.0 */
/* One mount of the plan: its options, its id mappings, its label. */
#pragma once

#include "plan/builder.h"

/** Adds an empty mount on @target; it stays valid until the next one is added. */
struct plan_mount *plan_mount_add(struct plan_builder *builder, const char *target,
                                  const char *where);

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

/**
 * The option idmap or ridmap (@recursive). @value is NULL or "=uids=FROM-TO-SIZE#...;gids=...",
 * where @ before a triple counts TO in the container's user namespace.
 */
int plan_mount_idmap_option(const struct plan_builder *builder, const char *value, bool recursive,
                            const char *where, struct plan_mount *mount, struct thole_error *err);

/** The mappings of @wanted, which win over the option's; an option without any is checked. */
int plan_mount_idmap_members(const struct plan_builder *builder, const struct oci_mount *wanted,
                             const char *where, struct plan_mount *mount, struct thole_error *err);

/** Adds the SELinux label of the container's mounts to a file system that takes one. */
int plan_mount_label(const struct plan_builder *builder, struct plan_mount *mount,
                     struct thole_error *err);
