/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system of a copied container. */
#pragma once

#include <stdbool.h>

#include "lxc/config/rootfs_path.h"

struct lxc_rootfs_copy {
    const struct lxc_rootfs_path *from;
    const char *source;    /* directory of the container that it belongs to */
    const char *directory; /* of the new container */
    const char *layers;    /* where the upper layer of an overlay goes */
    bool snapshot;         /* files are shared where they can be */
};

/** The lxc.rootfs.path that the new container gets; malloc'ed, NULL if it has none. */
char *lxc_rootfs_copy_path(const struct lxc_rootfs_copy *copy);

/** Makes it. Returns 1 if it uses files of the source container, 0 if it does not. */
int lxc_rootfs_copy(const struct lxc_rootfs_copy *copy, struct thole_error *err);
