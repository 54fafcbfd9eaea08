/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes, the standard links of /dev, and the console. Runs in init, before the root changes.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/**
 * Makes the plan's nodes (mknod, or in a user namespace binds of those that the runtime lends over
 * @sync or that the host has) and links.
 */
int apply_devices(const struct plan *plan, int sync, int root_fd, struct thole_error *err);

/** Binds the open pty peer on /dev/console: by fd, so that no swapped path can take its place. */
int apply_console(int peer_fd, int root_fd, struct thole_error *err);
