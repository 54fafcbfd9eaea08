/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify(3) for a containerised service: READY=1 is passed on to the caller's NOTIFY_SOCKET. */
#pragma once

#include "state/container.h"

/** The absolute path of the directory that is to be bound to /run/notify, malloc'ed; NULL on error.
 */
char *notify_directory(const struct thole_context *context, const char *id,
                       struct thole_error *err);

/** Makes it. */
int notify_make_directory(const struct container *container, struct thole_error *err);

/** Binds notify.sock in the container's notify directory (mode 0777). Returns the socket. */
int notify_listen(const struct container *container, struct thole_error *err);

/** Passes a READY= line of one datagram on. 1: there was one, 0: the datagram has none. */
int notify_pass_on(int listening, const char *notify_socket, struct thole_error *err);

/**
 * Waits for READY=1 on @listening or for the end of the container (@pidfd), then tells
 * @notify_socket: READY=1, MAINPID, and a barrier that is waited for up to 30 seconds.
 */
int notify_forward(int listening, int pidfd, pid_t pid, const char *notify_socket,
                   struct thole_error *err);
