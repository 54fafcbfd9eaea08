/* SPDX-License-Identifier: Apache-2.0 */
/* A file descriptor that travels with a message over an AF_UNIX socket (unix(7), SCM_RIGHTS). */
#pragma once

#include <string.h>
#include <sys/socket.h>

union rights {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int))];
};
#define RIGHTS_INIT    \
    {                  \
        .bytes = { 0 } \
    }

/** Makes @fd part of @message; @rights must live until the message is sent. A fd of -1: no part. */
static inline void rights_attach(struct msghdr *message, union rights *rights, int fd) {
    if (fd < 0)
        return;
    message->msg_control = rights;
    message->msg_controllen = sizeof(*rights);
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof(int));
}
