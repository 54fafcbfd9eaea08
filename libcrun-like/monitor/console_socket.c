/* SPDX-License-Identifier: Apache-2.0 */
/* The socket in the state directory at which viewers of a console are received. */
#include "monitor/console_socket.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"

/* The state directory may lie deeper than sun_path is long. */
static int console_socket(const struct container *container, struct sockaddr_un *address,
                          struct thole_error *err) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    (void)snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
                   container->directory, STATE_CONSOLE);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    return fd >= 0 ? fd : error_errno(err, NULL, "create a socket for the console");
}

int monitor_console_listen(const struct container *container, struct thole_error *err) {
    struct sockaddr_un address;
    cleanup_close int fd = console_socket(container, &address, err);
    if (fd < 0)
        return -1;
    mode_t former = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    (void)umask(former);
    if (bound < 0 || listen(fd, 16) < 0)
        return error_errno(err, NULL, "create the socket of the console");
    return take_fd(&fd);
}

int monitor_console_connect(const struct container *container, struct thole_error *err) {
    struct sockaddr_un address;
    cleanup_close int fd = console_socket(container, &address, err);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return take_fd(&fd);
    if (errno == ECONNREFUSED)
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "the process that kept the console of the container is gone");
    if (errno != ENOENT)
        return error_errno(err, NULL, "connect to the console");
    error_set(err, THOLE_ERROR_STATE, 0, NULL,
              "the console belongs to the engine or the terminal that started the container");
    return error_hint(err, "use the engine's own attach; thole attach is for containers started "
                           "by run --detach --attachable");
}
