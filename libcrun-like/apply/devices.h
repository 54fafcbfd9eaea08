/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes, and the standard links of /dev. Runs in init, before the root changes.
 */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/**
 * Makes the plan's nodes (mknod, or in a user namespace binds of those that the runtime lends over
 * @sync or that the host has) and links.
 */
int apply_devices(const struct plan *plan, int sync, int root_fd, struct thole_error *err);
