/* SPDX-License-Identifier: Apache-2.0 */
/* The agent that decides on system calls for a container. */
#ifndef SECURITY_SECCOMP_LISTENER_H
#define SECURITY_SECCOMP_LISTENER_H

#include "base/error.h"

/**
 * Sends the notify fd with the container process state @json to the AF_UNIX stream socket @path:
 * runtime-spec "Container Process State".
 */
int seccomp_send_listener(const char *path, int notify_fd, const char *json,
                          struct thole_error *err);

#endif
