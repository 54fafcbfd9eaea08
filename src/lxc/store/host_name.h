/* SPDX-License-Identifier: Apache-2.0 */
/* The name that a root file system has for its host. */
#pragma once

#include "lxc/config/rootfs_path.h"

/**
 * Writes @name to /etc/hostname of @rootfs if there is such a file; of layers to the upper one. No
 * link is followed.
 */
int lxc_host_name_write(const struct lxc_rootfs_path *rootfs, const char *name,
                        struct thole_error *err);
