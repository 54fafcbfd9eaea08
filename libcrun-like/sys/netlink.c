/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink(7): requests with their acknowledgement, and dumps. */
#include "sys/netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { DUMP_ATTEMPTS = 5 };

/* Room for one answer of the kernel, which sends dumps in pieces of at most 32 KiB. */
struct reply {
    union {
        struct nlmsghdr header;
        char bytes[32768];
    };
};

int sys_netlink_open(struct thole_error *err) {
    const int on = 1;
    cleanup_close int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return error_errno(err, NULL, "open a netlink socket");
    /* The kernel's own words in errors, and dumps that honour the filter in their header. */
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
    (void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
    return take_fd(&fd);
}

/* Appends @length bytes, padded. A length beyond the buffer marks an overflow. */
static void append(struct sys_netlink_message *message, const void *data, size_t length) {
    size_t at = NLMSG_ALIGN(message->header.nlmsg_len);
    if (at > sizeof(message->bytes) || length > sizeof(message->bytes) - at) {
        message->header.nlmsg_len = UINT32_MAX;
        return;
    }
    memset(message->bytes + message->header.nlmsg_len, 0, at - message->header.nlmsg_len);
    if (length > 0)
        memcpy(message->bytes + at, data, length);
    message->header.nlmsg_len = (uint32_t)(at + length);
}

void sys_netlink_start(struct sys_netlink_message *message, uint16_t type, uint16_t flags,
                       const void *family_header, size_t length) {
    message->header = (struct nlmsghdr){
        .nlmsg_len = NLMSG_HDRLEN,
        .nlmsg_type = type,
        .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
    };
    append(message, family_header, length);
}

void sys_netlink_add(struct sys_netlink_message *message, uint16_t type, const void *data,
                     size_t length) {
    const struct rtattr attribute = {
        .rta_len = (unsigned short)RTA_LENGTH(length),
        .rta_type = type,
    };
    if (message->header.nlmsg_len == UINT32_MAX)
        return;
    if (length > sizeof(message->bytes)) {
        message->header.nlmsg_len = UINT32_MAX;
        return;
    }
    append(message, &attribute, sizeof(attribute));
    if (message->header.nlmsg_len != UINT32_MAX)
        append(message, data, length);
}

void sys_netlink_add_string(struct sys_netlink_message *message, uint16_t type,
                            const char *string) {
    sys_netlink_add(message, type, string, strlen(string) + 1);
}

void sys_netlink_add_u32(struct sys_netlink_message *message, uint16_t type, uint32_t value) {
    sys_netlink_add(message, type, &value, sizeof(value));
}

static int send_message(int fd, struct sys_netlink_message *message) {
    static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    if (message->header.nlmsg_len == UINT32_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    message->header.nlmsg_seq++;
    ssize_t sent = uninterrupted(sendto(fd, message->bytes, message->header.nlmsg_len, 0,
                                        (const struct sockaddr *)&kernel, sizeof(kernel)));
    return sent < 0 ? -1 : 0;
}

/* Bytes received from the kernel, -1 with errno set. Nobody else may answer. */
static ssize_t receive(int fd, struct reply *reply) {
    for (;;) {
        struct sockaddr_nl sender = {0};
        socklen_t sender_length = sizeof(sender);
        ssize_t length = recvfrom(fd, reply->bytes, sizeof(reply->bytes), MSG_TRUNC,
                                  (struct sockaddr *)&sender, &sender_length);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0 || (size_t)length > sizeof(reply->bytes)) {
            errno = length < 0 ? errno : EMSGSIZE;
            return -1;
        }
        if (sender.nl_pid == 0)
            return length;
    }
}

const struct rtattr *sys_netlink_find(const struct nlmsghdr *message, size_t header_length,
                                      uint16_t type) {
    size_t offset = NLMSG_HDRLEN + NLMSG_ALIGN(header_length);
    while (offset + sizeof(struct rtattr) <= message->nlmsg_len) {
        const struct rtattr *attribute = (const void *)((const char *)message + offset);
        if (attribute->rta_len < sizeof(*attribute) ||
            attribute->rta_len > message->nlmsg_len - offset)
            return NULL;
        if ((attribute->rta_type & NLA_TYPE_MASK) == type)
            return attribute;
        offset += RTA_ALIGN(attribute->rta_len);
    }
    return NULL;
}

/* Words the answer of the kernel; returns 0 for an acknowledgement. */
static int acknowledge(const struct nlmsghdr *header, const char *where, const char *what,
                       struct thole_error *err) {
    const struct nlmsgerr *answer = sys_netlink_payload(header);
    if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*answer))) {
        errno = EBADMSG;
        return error_errno(err, where, "%s", what);
    }
    if (answer->error == 0)
        return 0;
    const struct rtattr *words = NULL;
    /* The request's payload is left out of the answer (NETLINK_CAP_ACK). */
    if ((header->nlmsg_flags & NLM_F_ACK_TLVS) != 0)
        words = sys_netlink_find(header, sizeof(*answer), NLMSGERR_ATTR_MSG);
    errno = -answer->error;
    if (words != NULL)
        error_errno(err, where, "%s (%.*s)", what, (int)RTA_PAYLOAD(words),
                    (const char *)sys_netlink_value(words));
    else
        error_errno(err, where, "%s", what);
    errno = -answer->error;
    return -1;
}

int sys_netlink_request(int fd, struct sys_netlink_message *message,
                        struct sys_netlink_message *ret_reply, const char *where, const char *what,
                        struct thole_error *err) {
    message->header.nlmsg_flags |= ret_reply == NULL ? NLM_F_ACK : 0;
    if (send_message(fd, message) < 0)
        return error_errno(err, where, "%s", what);
    for (;;) {
        struct reply reply;
        ssize_t length = receive(fd, &reply);
        if (length < 0)
            return error_errno(err, where, "%s", what);
        if (!NLMSG_OK(&reply.header, (size_t)length) ||
            reply.header.nlmsg_seq != message->header.nlmsg_seq)
            continue;
        if (reply.header.nlmsg_type == NLMSG_ERROR)
            return acknowledge(&reply.header, where, what, err);
        if (ret_reply == NULL)
            continue;
        if (reply.header.nlmsg_len > sizeof(ret_reply->bytes)) {
            errno = EMSGSIZE;
            return error_errno(err, where, "%s", what);
        }
        memcpy(ret_reply->bytes, reply.bytes, reply.header.nlmsg_len);
        return 0;
    }
}

/* One dump. Returns 1 when it has to be repeated because something changed meanwhile. */
static int dump_once(int fd, struct sys_netlink_message *message, struct text *replies,
                     const char *what, struct thole_error *err) {
    bool interrupted = false;
    if (send_message(fd, message) < 0)
        return error_errno(err, NULL, "%s", what);
    for (;;) {
        struct reply reply;
        ssize_t length = receive(fd, &reply);
        if (length < 0)
            return error_errno(err, NULL, "%s", what);
        size_t left = (size_t)length;
        for (struct nlmsghdr *header = &reply.header; NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left)) {
            if (header->nlmsg_seq != message->header.nlmsg_seq)
                continue;
            interrupted = interrupted || (header->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
            if (header->nlmsg_type == NLMSG_DONE)
                return interrupted ? 1 : 0;
            if (header->nlmsg_type == NLMSG_ERROR && acknowledge(header, NULL, what, err) < 0)
                return -1;
            text_append_bytes(replies, header, header->nlmsg_len);
            while (replies->length % NLMSG_ALIGNTO != 0)
                text_append_bytes(replies, "", 1);
        }
    }
}

int sys_netlink_dump(int fd, struct sys_netlink_message *message, struct text *replies,
                     const char *what, struct thole_error *err) {
    size_t before = replies->length;
    message->header.nlmsg_flags |= NLM_F_DUMP;
    for (int attempt = 0; attempt < DUMP_ATTEMPTS; attempt++) {
        replies->length = before;
        int result = dump_once(fd, message, replies, what, err);
        if (result <= 0)
            return result;
    }
    errno = EAGAIN;
    return error_errno(err, NULL, "%s", what);
}

const struct nlmsghdr *sys_netlink_next(const struct text *replies, size_t *offset) {
    if (*offset + sizeof(struct nlmsghdr) > replies->length)
        return NULL;
    const struct nlmsghdr *header = (const void *)(replies->data + *offset);
    *offset += NLMSG_ALIGN(header->nlmsg_len);
    return header;
}
