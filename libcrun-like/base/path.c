/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing paths by their components. */
#include "base/path.h"

#include <string.h>

bool path_is_beneath(const char *path, const char *directory) {
    size_t length = strcmp(directory, "/") == 0 ? 0 : strlen(directory);
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}
