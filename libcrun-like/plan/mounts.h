/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about mounts share. */
#ifndef PLAN_MOUNTS_H
#define PLAN_MOUNTS_H

#include "plan/builder.h"

/** Adds an empty mount on @target; it stays valid until the next one is added. */
struct plan_mount *plan_mount_add(struct plan_builder *builder, const char *target,
                                  const char *where);

/** Adds the SELinux label of the container's mounts to a file system that takes one. */
int plan_mount_label(const struct plan_builder *builder, struct plan_mount *mount,
                     struct thole_error *err);

/**
 * Adds what a mount of type "cgroup" stands for on this host: @pattern holds its target and
 * options. cgroup v2 is one mount; v1 and hybrid hosts get a tmpfs with one mount per hierarchy.
 */
int plan_cgroup_mounts(struct plan_builder *builder, const struct plan_mount *pattern,
                       struct thole_error *err);

#endif
