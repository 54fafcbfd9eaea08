/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as lists of components: "/process" does not lie beneath "/proc". */
#ifndef THOLE_PATH_H
#define THOLE_PATH_H

#include <stdbool.h>

/** True if @path is @directory or lies below it; both are absolute and clean. */
bool path_is_beneath(const char *path, const char *directory);

#endif
