/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the runtime's own executable out of reach of what runs inside (CVE-2019-5736). */
#ifndef SECURITY_SEALED_H
#define SECURITY_SEALED_H

#include "base/error.h"

/**
 * Continues in a copy of this program that nobody can write to: a read-only detached clone of the
 * executable's mount, or a sealed memfd where the kernel refuses that. Returns 0 when this process
 * already runs from such a copy, or the file provably cannot be written (read-only mount, immutable
 * or fs-verity file). Otherwise re-executes with the same arguments and environment and returns
 * only on error. Call before any other thread or resource exists.
 */
int sealed_reexecute(char *const argv[], struct thole_error *err);

#endif
