/* SPDX-License-Identifier: Apache-2.0 */
/* linux.maskedPaths and linux.readonlyPaths. Runs in init, in the container's root. */
#ifndef APPLY_PATHS_H
#define APPLY_PATHS_H

#include "base/error.h"
#include "plan/plan.h"

/**
 * Makes the plan's paths read-only and unreadable; those that do not exist are skipped. Directories
 * are covered by clones of one empty read-only tmpfs, files by /dev/null, opened once on the host's
 * side and verified (CVE-2025-31133).
 */
int apply_paths(const struct plan *plan, int root_fd, int null_fd, struct thole_error *err);

/** Opens the host's /dev/null (O_PATH) and checks that it is device 1:3. */
int apply_null_open(struct thole_error *err);

#endif
