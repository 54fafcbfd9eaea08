/* SPDX-License-Identifier: Apache-2.0 */
/* The container's root: made a mount, entered, given its propagation. Runs in the container's init.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/** Cuts the new mount namespace off from the host's: nothing done here propagates out, and nothing
 * in but with the propagation slave. */
int apply_rootfs_isolate(const struct plan_rootfs *rootfs, struct thole_error *err);

/**
 * Mounts the root directory on itself and returns an fd of it, the "/" that every later path is
 * resolved in.
 */
int apply_rootfs_open(const struct plan_rootfs *rootfs, struct thole_error *err);

/** The same where "/" is the root filesystem already: apply/root_emptied.h. */
int apply_rootfs_open_entered(struct thole_error *err);

/** pivot_root(2) into @root_fd (or MS_MOVE and chroot) and lets go of the host's tree. @proc_fd is
 * the host's /proc. */
int apply_rootfs_enter(const struct plan_rootfs *rootfs, int proc_fd, int root_fd,
                       struct thole_error *err);

/** Propagation of the container's "/", and read-only if asked for. The last of all mount changes.
 */
int apply_rootfs_finish(const struct plan_rootfs *rootfs, struct thole_error *err);
