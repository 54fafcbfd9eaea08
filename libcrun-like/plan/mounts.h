/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of mounts: a configuration's, and those that a running container gets. */
#pragma once

#include "plan/builder.h"

/** Decides whether the mounts get the configuration's SELinux label. */
void plan_build_mount_label(struct plan_builder *builder);

/** Plans @mounts, a list that is found at the JSON pointer @parent. */
int plan_mount_list(struct plan_builder *builder, const oci_mounts *mounts, const char *parent,
                    struct thole_error *err);
