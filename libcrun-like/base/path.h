/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as lists of components: "/process" does not lie beneath "/proc". */
#pragma once

#include <stdbool.h>

/** True if @path is @directory or lies below it; both are absolute and clean. */
bool path_is_beneath(const char *path, const char *directory);

/**
 * Writes @path as an absolute path without empty, "." and ".." components to @clean, which has room
 * for strlen(@path) + 2 bytes and is returned. ".." never leaves "/".
 */
char *path_clean(char *clean, const char *path);
