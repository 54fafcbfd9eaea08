/* SPDX-License-Identifier: Apache-2.0 */
/* linux.maskedPaths and linux.readonlyPaths. Runs in init, in the container's root. */
#ifndef APPLY_MASKED_PATHS_H
#define APPLY_MASKED_PATHS_H

#include "apply/host_mounts.h"
#include "base/error.h"
#include "plan/plan.h"

/**
 * Makes the plan's paths read-only and unreadable; those that do not exist are skipped. Directories
 * are covered by clones of one empty read-only tmpfs, files by the host's /dev/null, which @host
 * has verified (CVE-2025-31133).
 */
int apply_paths(const struct plan *plan, const struct apply_host_mounts *host, int root_fd,
                struct thole_error *err);

#endif
