/* SPDX-License-Identifier: Apache-2.0 */
/* What is running now, by its name. */
#include "cli/own_path.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void own_path_note(const char *variable) {
    char path[PATH_MAX];
    struct stat named;
    struct stat running;
    const ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    path[length > 0 ? length : 0] = '\0';
    if (stat(path, &named) == 0 && stat("/proc/self/exe", &running) == 0 &&
        named.st_dev == running.st_dev && named.st_ino == running.st_ino)
        (void)setenv(variable, path, 1);
}
