/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to an AF_UNIX stream socket, and handing it a file descriptor. */
#ifndef SYS_UNIX_SOCKET_H
#define SYS_UNIX_SOCKET_H

#include <stddef.h>

#include "base/error.h"

/**
 * Connects to the AF_UNIX stream socket at @path and returns the descriptor. A path longer than
 * sun_path is reached through procfs; one that begins with '@' is an abstract address.
 */
int sys_unix_connect(const char *path, struct thole_error *err);

/**
 * Connects to the AF_UNIX stream socket at @path as sys_unix_connect() does, sends @data with @fd
 * attached to the first byte and closes the connection. Data is never empty on the wire: a @length
 * of 0 sends one blank. unix(7), SCM_RIGHTS.
 */
int sys_unix_send_fd(const char *path, int fd, const void *data, size_t length,
                     struct thole_error *err);

#endif
