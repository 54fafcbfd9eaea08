/* SPDX-License-Identifier: Apache-2.0 */
/* Sending the seccomp notify fd to the agent that listenerPath names. */
#include <string.h>

#include "security/seccomp_listener.h"
#include "sys/unix_socket.h"

int seccomp_send_listener(const char *path, int notify_fd, const char *json,
                          struct thole_error *err) {
    struct thole_error failure = {0};
    if (sys_unix_send_fd(path, notify_fd, json, strlen(json), &failure) == 0)
        return 0;
    return error_set(err, failure.kind, failure.code, "/linux/seccomp/listenerPath", "%s",
                     failure.text);
}
