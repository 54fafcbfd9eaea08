/* SPDX-License-Identifier: Apache-2.0 */
/* The protocol of --console-socket and --pidfd-socket: one message, one descriptor. */
#include <string.h>

#include "sys/unix_socket.h"
#include "terminal/pty.h"
#include "terminal/send_fd.h"

int terminal_send_fd(const char *path, int fd, const char *text, struct thole_error *err) {
    return sys_unix_send_fd(path, fd, text, text != NULL ? strlen(text) : 0, err);
}
