/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-copy --rename: another name, and another place, for a container. */
#pragma once

#include "lxc/store/container.h"

struct lxc_rename_request {
    const char *name;
    const char *lxcpath; /* absolute and clean */
    bool keep_name;      /* lxc.uts.name and /etc/hostname stay */
    bool keep_snapshots; /* it may have some: their paths stay as they are */
    bool no_hooks;
};

/**
 * Moves the stopped container @container, on one filesystem; its files are not copied. One whose
 * files clones use, or that has snapshots, stays. If it fails nothing has changed.
 */
int lxc_rename(const struct lxc_container *container, const struct lxc_rename_request *request,
               struct thole_error *err);
