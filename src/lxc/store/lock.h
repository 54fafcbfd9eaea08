/* SPDX-License-Identifier: Apache-2.0 */
/* One at a time: who changes a stored container holds its lock. */
#pragma once

#include "lxc/store/container.h"

enum lxc_lock_kind {
    LXC_LOCK_READ,   /* it is copied: others may do so as well */
    LXC_LOCK_CHANGE, /* it is destroyed or renamed */
};

/**
 * Waits for the lock of the defined container @container and takes it; an error if the container
 * has gone meanwhile. The lock lasts until @ret_lock is closed.
 */
int lxc_container_lock(const struct lxc_container *container, enum lxc_lock_kind kind,
                       int *ret_lock, struct thole_error *err);
