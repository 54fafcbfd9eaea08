/* SPDX-License-Identifier: Apache-2.0 */
/* Framing of the messages between runtime and init. */
#include "base/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/rights.h"

struct wire_header {
    uint32_t kind;
    uint32_t length;
};

static const char *kind_name(uint32_t kind) {
    static const char *const names[] = {
        [WIRE_ERROR] = "error",
        [WIRE_CHILD_PID] = "child-pid",
        [WIRE_IDS_MAPPED] = "ids-mapped",
        [WIRE_REQUEST_SOURCE] = "request-source",
        [WIRE_REQUEST_DEVICES] = "request-devices",
        [WIRE_SOURCE] = "source",
        [WIRE_REQUEST_HOOKS] = "request-hooks",
        [WIRE_HOOKS_DONE] = "hooks-done",
        [WIRE_CONSOLE] = "console",
        [WIRE_CONSOLE_KEPT] = "console-kept",
        [WIRE_TERMINAL] = "terminal",
        [WIRE_SECCOMP] = "seccomp",
        [WIRE_SECCOMP_KEPT] = "seccomp-kept",
        [WIRE_READY] = "ready",
        [WIRE_START] = "start",
        [WIRE_SOCKET] = "socket",
        [WIRE_DIRECTORY] = "directory",
        [WIRE_END] = "end",
    };
    if (kind >= sizeof(names) / sizeof(names[0]) || names[kind] == NULL)
        return "unknown";
    return names[kind];
}

int wire_pair(int ret_fds[2], struct thole_error *err) {
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0)
        return error_errno(err, NULL, "create a socket pair");
    return 0;
}

int wire_send(int fd, enum wire_kind kind, const void *payload, size_t length, int attached_fd,
              struct thole_error *err) {
    if (length > WIRE_PAYLOAD_MAX)
        return error_bug(err, "message %s of %zu bytes is too long", kind_name(kind), length);

    struct wire_header header = {.kind = kind, .length = (uint32_t)length};
    struct iovec parts[2] = {
        {.iov_base = &header, .iov_len = sizeof(header)},
        {.iov_base = (void *)(uintptr_t)payload, .iov_len = length},
    };
    union rights rights = RIGHTS_INIT;
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = length > 0 ? 2 : 1};
    rights_attach(&message, &rights, attached_fd);
    if (uninterrupted(sendmsg(fd, &message, MSG_NOSIGNAL)) < 0)
        return error_errno(err, NULL, "send message %s", kind_name(kind));
    return 0;
}

void wire_send_error(int fd, const struct thole_error *failure) {
    (void)wire_send(fd, WIRE_ERROR, failure, sizeof(*failure), -1, NULL);
}

static void collect_fds(struct msghdr *header, struct wire_message *message) {
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part != NULL;
         part = CMSG_NXTHDR(header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
            if (message->fd_count < WIRE_FDS_MAX)
                message->fds[message->fd_count++] = fd;
            else
                (void)close(fd);
        }
    }
}

/* What came with a message that nobody takes. */
static void drop_fds(struct wire_message *message) {
    while (message->fd_count > 0)
        (void)close(message->fds[--message->fd_count]);
}

int wire_receive(int fd, struct wire_message *message, struct thole_error *err) {
    struct wire_header header;
    struct iovec parts[2] = {
        {.iov_base = &header, .iov_len = sizeof(header)},
        {.iov_base = &message->payload, .iov_len = sizeof(message->payload)},
    };
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
    } control;
    struct msghdr incoming = {.msg_iov = parts,
                              .msg_iovlen = 2,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control)};
    ssize_t got;
    int resets = 0;
    do {
        got = recvmsg(fd, &incoming, MSG_CMSG_CLOEXEC);
        /* A peer that ended with unread data in its socket shows as a reset, once and first: what
         * it sent before comes behind that. */
    } while (got < 0 && (errno == EINTR || (errno == ECONNRESET && resets++ == 0)));
    message->fd_count = 0;
    if (got >= 0)
        collect_fds(&incoming, message);
    if (got == 0 || (got < 0 && errno == ECONNRESET)) {
        drop_fds(message);
        errno = resets > 0 ? ECONNRESET : 0;
        return 0;
    }
    if (got < 0)
        return error_errno(err, NULL, "receive a message");

    if ((size_t)got < sizeof(header) || (size_t)got != sizeof(header) + header.length ||
        header.length > WIRE_PAYLOAD_MAX) {
        drop_fds(message);
        return error_bug(err, "malformed message of %zd bytes", got);
    }
    message->kind = header.kind;
    message->length = header.length;

    if (message->kind == WIRE_ERROR) {
        drop_fds(message);
        if (message->length != sizeof(struct thole_error))
            return error_bug(err, "malformed error message");
        message->payload.error.where[sizeof(message->payload.error.where) - 1] = '\0';
        message->payload.error.text[sizeof(message->payload.error.text) - 1] = '\0';
        message->payload.error.hint[sizeof(message->payload.error.hint) - 1] = '\0';
        return error_copy(err, &message->payload.error);
    }
    return 1;
}

int wire_expect(int fd, enum wire_kind kind, struct wire_message *message, const char *peer,
                struct thole_error *err) {
    int got = wire_receive(fd, message, err);
    if (got < 0)
        return -1;
    if (got == 0)
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s ended before it sent %s", peer,
                         kind_name(kind));
    if (message->kind != (uint32_t)kind) {
        drop_fds(message);
        return error_bug(err, "%s sent %s where %s was due", peer, kind_name(message->kind),
                         kind_name(kind));
    }
    return 0;
}
