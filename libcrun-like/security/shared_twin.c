/* SPDX-License-Identifier: Apache-2.0 */
/* From the statically linked program to its dynamically linked twin. */
#include "security/own_executable.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define TWIN "thole-shared"

/* The twin of a build tree lies beside the program. Whoever could put another one there must be
 * able to replace the program itself. */
static int open_beside(const char *executable) {
    char path[PATH_MAX];
    struct stat own;
    struct stat twin;
    const char *slash = strrchr(executable, '/');
    if (slash == NULL || slash - executable + sizeof("/" TWIN) > sizeof(path))
        return -1;
    (void)snprintf(path, sizeof(path), "%.*s/" TWIN, (int)(slash - executable), executable);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || stat(executable, &own) < 0 || fstat(fd, &twin) < 0 || own.st_uid != twin.st_uid ||
        (twin.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return -1;
    return take_fd(&fd);
}

int own_executable_leave_for_twin(const char *executable, const char *directory, char *const argv[],
                                  struct thole_error *err) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (executable == NULL && length > 0) {
        path[length] = '\0';
        executable = path;
    }
    cleanup_close int twin = executable != NULL ? open_beside(executable) : -1;
    (void)unsetenv(SEALED_GUARD);
    if (twin >= 0)
        (void)syscall(SYS_execveat, twin, "", argv, environ, AT_EMPTY_PATH);
    (void)snprintf(path, sizeof(path), "%s/" TWIN, directory);
    (void)execve(path, argv, environ);
    return error_errno(err, NULL, "continue in %s, which can load shared libraries", path);
}
