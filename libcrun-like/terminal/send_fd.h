/* SPDX-License-Identifier: Apache-2.0 */
/* Handing a pty or a pidfd to whoever listens. */
#ifndef TERMINAL_SEND_FD_H
#define TERMINAL_SEND_FD_H

#include "base/error.h"

/**
 * Connects to the AF_UNIX stream socket at @path (longer than sun_path is fine) and sends one
 * message with @fd attached and @text as data: --console-socket and --pidfd-socket.
 */
int terminal_send_fd(const char *path, int fd, const char *text, struct thole_error *err);

#endif
