/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to an AF_UNIX stream socket, and handing it a file descriptor. */
#pragma once

#include "base/error.h"

/**
 * Connects to the AF_UNIX stream socket at @path and returns the descriptor. A path longer than
 * sun_path is reached through procfs; one that begins with '@' is an abstract address.
 */
int sys_unix_connect(const char *path, struct thole_error *err);

/**
 * Connects to the AF_UNIX stream socket at @path as sys_unix_connect() does, sends @text with @fd
 * attached to the first byte and closes the connection: what --console-socket, --pidfd-socket and
 * listenerPath of seccomp expect. Of an empty @text one blank is sent. unix(7), SCM_RIGHTS.
 */
int sys_unix_send_fd(const char *path, int fd, const char *text, struct thole_error *err);
