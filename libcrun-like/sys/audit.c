/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/audit.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { LONGEST = 8970 }; /* MAX_AUDIT_MESSAGE_LENGTH of libaudit; the kernel cuts texts at 8560 */

/* One message, out or in. */
struct message {
    union {
        struct nlmsghdr header;
        char bytes[NLMSG_HDRLEN + LONGEST];
    };
};

/* The causes that the error numbers stand for here (kernel/audit.c). */
static int explain(const char *capability, struct thole_error *err) {
    switch (errno) {
    case EPERM:
        return error_unsupported(err, NULL, "the kernel's audit log: %s is needed", capability);
    case ECONNREFUSED:
        return error_unsupported(err, NULL,
                                 "the kernel's audit log: out of reach in a user namespace");
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT:
        return error_unsupported(err, NULL, "the kernel's audit log: this kernel has none");
    default:
        return error_errno(err, NULL, "the kernel's audit log");
    }
}

int sys_audit_open(struct thole_error *err) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT);
    return fd < 0 ? explain("", err) : fd;
}

/* 0, or -1 with errno set. */
static int request(int fd, unsigned type, const void *payload, size_t length) {
    static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct message message = {.header = {.nlmsg_len = (uint32_t)NLMSG_LENGTH(length),
                                         .nlmsg_type = (uint16_t)type,
                                         .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                                         .nlmsg_seq = 1}};
    if (length > LONGEST)
        return errno = EMSGSIZE, -1;
    memcpy(message.bytes + NLMSG_HDRLEN, payload, length);
    ssize_t sent = uninterrupted(sendto(fd, message.bytes, message.header.nlmsg_len, 0,
                                        (const struct sockaddr *)&kernel, sizeof(kernel)));
    return sent < 0 ? -1 : 0;
}

/* The kernel's next message; -1 with errno set, also for what it refuses. */
static int receive(int fd, struct message *answer) {
    for (;;) {
        struct sockaddr_nl sender = {0};
        socklen_t sender_length = sizeof(sender);
        ssize_t length = uninterrupted(recvfrom(fd, answer->bytes, sizeof(answer->bytes), 0,
                                                (struct sockaddr *)&sender, &sender_length));
        if (length < 0)
            return -1;
        if (sender.nl_pid != 0)
            continue;
        if (!NLMSG_OK(&answer->header, (size_t)length))
            return errno = EBADMSG, -1;
        if (answer->header.nlmsg_type != NLMSG_ERROR)
            return 0;
        const struct nlmsgerr *error = (const void *)(answer->bytes + NLMSG_HDRLEN);
        errno = -error->error;
        return error->error == 0 ? 0 : -1;
    }
}

/* The answer and the acknowledgement come in either order. */
int sys_audit_is_enabled(int fd, struct thole_error *err) {
    const struct audit_status nothing = {0};
    struct message answer = {0};
    int enabled = -1;
    if (request(fd, AUDIT_GET, &nothing, sizeof(nothing)) < 0)
        return explain("CAP_AUDIT_CONTROL", err);
    for (int i = 0; i < 2; i++) {
        if (receive(fd, &answer) < 0)
            return explain("CAP_AUDIT_CONTROL", err);
        const struct audit_status *status = (const void *)(answer.bytes + NLMSG_HDRLEN);
        if (answer.header.nlmsg_type == AUDIT_GET)
            enabled = status->enabled != 0;
    }
    if (enabled >= 0)
        return enabled;
    errno = EBADMSG;
    return explain("", err);
}

int sys_audit_send(int fd, unsigned type, const char *text, struct thole_error *err) {
    struct message answer = {0};
    if (request(fd, type, text, strlen(text) + 1) < 0)
        return explain("CAP_AUDIT_WRITE", err);
    do {
        if (receive(fd, &answer) < 0)
            return explain("CAP_AUDIT_WRITE", err);
    } while (answer.header.nlmsg_type != NLMSG_ERROR);
    return 0;
}
