/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a directory tree. */
#pragma once

#include "base/error.h"

/**
 * Removes @path and all beneath it; that it is not there is no error. Links are removed, never
 * followed; what is mounted in it, or is not to be changed (chattr +i is undone), ends it.
 */
int lxc_tree_remove(const char *path, struct thole_error *err);
