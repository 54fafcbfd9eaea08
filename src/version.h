/* SPDX-License-Identifier: Apache-2.0 */
/* The version text. */
#ifndef SRC_VERSION_H
#define SRC_VERSION_H

#include "base/error.h"
#include "thole.h"

/**
 * Prints the version text. Its first lines are read by engines: "thole version X", "commit: X".
 * The state directory is named, not created.
 */
int version_print(const struct thole_context *context, struct thole_error *err);

#endif
