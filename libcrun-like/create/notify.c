/* SPDX-License-Identifier: Apache-2.0 */
/* Readiness notifications between a container and the caller's service manager. */
#include "create/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/rights.h"
#include "base/text.h"

enum { BARRIER_TIMEOUT_MS = 30 * 1000 };

char *notify_directory(const struct thole_context *context, const char *id,
                       struct thole_error *err) {
    char link[64];
    char root[PATH_MAX];
    cleanup_close int fd = container_open_root(context, true, err);
    if (fd < 0)
        return NULL;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, root, sizeof(root));
    if (length < 0 || length == sizeof(root)) {
        error_errno(err, NULL, "find the notify directory");
        return NULL;
    }
    struct text path = {0};
    text_appendf(&path, "%.*s/%s/%s", (int)length, root, id, STATE_NOTIFY);
    return text_take(&path);
}

int notify_make_directory(const struct container *container, struct thole_error *err) {
    if (mkdirat(container->directory, STATE_NOTIFY, 0755) < 0)
        return error_errno(err, NULL, "create the notify directory");
    return 0;
}

int notify_listen(const struct container *container, struct thole_error *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s/notify.sock",
                   container->directory, STATE_NOTIFY);
    cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_errno(err, NULL, "create the notify socket");
    (void)unlink(address.sun_path);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        chmod(address.sun_path, 0777) < 0)
        return error_errno(err, NULL, "bind the notify socket");
    return take_fd(&fd);
}

static int send_lines(const char *notify_socket, const char *lines, int attached_fd,
                      struct thole_error *err) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(notify_socket);
    if (length >= sizeof(address.sun_path) || (notify_socket[0] != '/' && notify_socket[0] != '@'))
        return error_usage(err, "invalid NOTIFY_SOCKET %s", notify_socket);
    memcpy(address.sun_path, notify_socket, length);
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';

    cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_errno(err, NULL, "open NOTIFY_SOCKET");
    struct iovec part = {.iov_base = (void *)(uintptr_t)lines, .iov_len = strlen(lines)};
    union rights rights = RIGHTS_INIT;
    struct msghdr message = {
        .msg_name = &address,
        .msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length),
        .msg_iov = &part,
        .msg_iovlen = 1,
    };
    rights_attach(&message, &rights, attached_fd);
    if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
        return error_errno(err, NULL, "send to NOTIFY_SOCKET");
    return 0;
}

/* The manager closes its end once it has read all that was sent before (sd_notify_barrier(3)). */
static int wait_barrier(const char *notify_socket, struct thole_error *err) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(err, NULL, "create a barrier for NOTIFY_SOCKET");
    cleanup_close int reader = ends[0];
    int sent = send_lines(notify_socket, "BARRIER=1", ends[1], err);
    (void)close(ends[1]);
    if (sent < 0)
        return -1;
    struct pollfd poll_fd = {.fd = reader};
    (void)uninterrupted(poll(&poll_fd, 1, BARRIER_TIMEOUT_MS));
    return 0;
}

/* 1: the datagram has a READY= line, which is copied to @ready. */
static int read_ready(int listening, char *ready, size_t size) {
    char datagram[4096];
    ssize_t length = recv(listening, datagram, sizeof(datagram) - 1, MSG_DONTWAIT);
    if (length <= 0)
        return 0;
    datagram[length] = '\0';
    char *rest = NULL;
    for (char *line = strtok_r(datagram, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (text_starts_with(line, "READY=")) {
            (void)snprintf(ready, size, "%s", line);
            return 1;
        }
    }
    return 0;
}

int notify_pass_on(int listening, const char *notify_socket, struct thole_error *err) {
    char ready[64];
    if (read_ready(listening, ready, sizeof(ready)) == 0)
        return 0;
    return send_lines(notify_socket, ready, -1, err) < 0 ? -1 : 1;
}

int notify_forward(int listening, int pidfd, pid_t pid, const char *notify_socket,
                   struct thole_error *err) {
    for (int passed = 0; passed == 0;) {
        struct pollfd fds[] = {{.fd = listening, .events = POLLIN},
                               {.fd = pidfd, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return error_errno(err, NULL, "wait for readiness");
        if ((fds[0].revents & POLLIN) != 0)
            passed = notify_pass_on(listening, notify_socket, err);
        else if (fds[1].revents != 0)
            return 0;
        if (passed < 0)
            return -1;
    }
    char main_pid[32];
    (void)snprintf(main_pid, sizeof(main_pid), "MAINPID=%d", (int)pid);
    if (send_lines(notify_socket, main_pid, -1, err) < 0)
        return -1;
    return wait_barrier(notify_socket, err);
}
