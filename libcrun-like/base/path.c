/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing paths by their components. */
#include "base/path.h"

#include <string.h>

bool path_is_beneath(const char *path, const char *directory) {
    size_t length = strcmp(directory, "/") == 0 ? 0 : strlen(directory);
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

char *path_clean(char *clean, const char *path) {
    size_t end = 0;
    while (*path != '\0') {
        size_t component = strcspn(path, "/");
        if (component == 2 && path[0] == '.' && path[1] == '.') {
            while (end > 0 && clean[--end] != '/') {
            }
        } else if (component > 0 && !(component == 1 && path[0] == '.')) {
            clean[end++] = '/';
            memcpy(clean + end, path, component);
            end += component;
        }
        path += component;
        path += strspn(path, "/");
    }
    if (end == 0)
        clean[end++] = '/';
    clean[end] = '\0';
    return clean;
}
