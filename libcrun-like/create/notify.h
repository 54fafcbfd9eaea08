/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify(3) for a containerised service: READY=1 is passed on to the caller's NOTIFY_SOCKET. */
#ifndef CREATE_NOTIFY_H
#define CREATE_NOTIFY_H

#include "state/container.h"

/**
 * Makes the directory that is bound to /run/notify; returns its absolute path in the container's
 * arena, NULL on error.
 */
const char *notify_make_directory(struct container *container, struct thole_error *err);

/** Binds notify.sock in the container's notify directory (mode 0777). Returns the socket. */
int notify_listen(const struct container *container, struct thole_error *err);

/**
 * Waits for READY=1 on @listening or for the end of the container (@pidfd), then tells
 * @notify_socket: READY=1, MAINPID, and a barrier that is waited for up to 30 seconds.
 */
int notify_forward(int listening, int pidfd, pid_t pid, const char *notify_socket,
                   struct thole_error *err);

#endif
