/* SPDX-License-Identifier: Apache-2.0 */
/* linux.maskedPaths and linux.readonlyPaths. Runs in init, in the container's root. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/** Opens the host's /dev/null (O_PATH) and checks that it is device 1:3: before the root is
 * entered. */
int apply_null_open(struct thole_error *err);

/**
 * Makes the plan's paths read-only and unreadable; those that do not exist are skipped. Directories
 * are covered by clones of one empty read-only tmpfs, files by those of @null_fd, the host's
 * /dev/null (CVE-2025-31133).
 */
int apply_paths(const struct plan *plan, int null_fd, int root_fd, struct thole_error *err);
