/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of type "cgroup". */
#ifndef PLAN_CGROUP_MOUNTS_H
#define PLAN_CGROUP_MOUNTS_H

#include "plan/builder.h"

/**
 * Adds what a mount of type "cgroup" stands for on this host: @pattern holds its target and
 * options. cgroup v2 is one mount; v1 and hybrid hosts get a tmpfs with one mount per hierarchy.
 */
int plan_cgroup_mounts(struct plan_builder *builder, const struct plan_mount *pattern,
                       struct thole_error *err);

#endif
