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

/**
 * Makes it. @ret_value: the new lxc.rootfs.path, malloc'ed, NULL if there is none. Returns 1 if it
 * uses files of the source container, 0 if it does not.
 */
int lxc_rootfs_copy(const struct lxc_rootfs_copy *copy, char **ret_value, struct thole_error *err);
