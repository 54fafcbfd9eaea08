/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of the host that run where somebody could write to their file. */
#pragma once

#include "base/error.h"

/**
 * A copy of the program @fd in a memory file called @name, which nobody can ever change
 * (memfd_create(2), F_SEAL_WRITE). Returns its descriptor, close-on-exec, for execveat(2).
 */
int sealed_copy(int fd, const char *name, struct thole_error *err);
