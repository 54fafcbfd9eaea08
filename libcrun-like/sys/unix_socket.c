/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting to an AF_UNIX stream socket, and handing it a file descriptor. */
#include "sys/unix_socket.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/rights.h"

int sys_unix_connect(const char *path, struct thole_error *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(address);
    cleanup_close int inode = -1;
    if (strlen(path) < sizeof(address.sun_path)) {
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    } else {
        inode = open(path, O_PATH | O_CLOEXEC);
        if (inode < 0)
            return error_errno(err, NULL, "open socket %s", path);
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", inode);
    }

    if (path[0] == '@') {
        address.sun_path[0] = '\0';
        length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    }

    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_errno(err, NULL, "create a socket for %s", path);
    if (uninterrupted(connect(fd, (const struct sockaddr *)&address, length)) < 0)
        return error_errno(err, NULL, "connect to socket %s", path);
    return take_fd(&fd);
}

/* Sends as much as fits into one message; the descriptor goes with its first byte. */
static ssize_t send_first(int socket_fd, int fd, const void *data, size_t length) {
    union rights rights = RIGHTS_INIT;
    struct iovec vector = {.iov_base = (void *)(uintptr_t)data, .iov_len = length};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
    rights_attach(&message, &rights, fd);
    return uninterrupted(sendmsg(socket_fd, &message, MSG_NOSIGNAL));
}

int sys_unix_send_fd(const char *path, int fd, const char *text, struct thole_error *err) {
    const char *bytes = text[0] != '\0' ? text : " ";
    size_t left = strlen(bytes);
    cleanup_close int socket_fd = sys_unix_connect(path, err);
    if (socket_fd < 0)
        return -1;

    ssize_t sent = send_first(socket_fd, fd, bytes, left);
    while (sent >= 0 && (size_t)sent < left) {
        bytes += sent;
        left -= (size_t)sent;
        sent = uninterrupted(send(socket_fd, bytes, left, MSG_NOSIGNAL));
    }
    if (sent < 0)
        return error_errno(err, NULL, "send a file descriptor to socket %s", path);
    return 0;
}
