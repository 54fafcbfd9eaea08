/* SPDX-License-Identifier: Apache-2.0 */
/* rtnetlink(7): requests with their acknowledgement, and dumps. */
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/** A message being built; too much for it is noticed when it is sent. */
struct sys_netlink_message {
    union {
        struct nlmsghdr header;
        char bytes[8192];
    };
};

/** What is behind a header: NLMSG_DATA() and RTA_DATA() without their loss of const. */
static inline const void *sys_netlink_payload(const struct nlmsghdr *message) {
    return (const char *)message + NLMSG_HDRLEN;
}

static inline const void *sys_netlink_value(const struct rtattr *attribute) {
    return (const char *)attribute + RTA_LENGTH(0);
}

/** A NETLINK_ROUTE socket of the caller's network namespace; it stays one of that namespace. */
int sys_netlink_open(struct thole_error *err);

/** Starts a message of @type (RTM_*) with @family_header (struct ifinfomsg and the like). */
void sys_netlink_start(struct sys_netlink_message *message, uint16_t type, uint16_t flags,
                       const void *family_header, size_t length);

/** Appends one attribute. */
void sys_netlink_add(struct sys_netlink_message *message, uint16_t type, const void *data,
                     size_t length);
void sys_netlink_add_string(struct sys_netlink_message *message, uint16_t type, const char *string);
void sys_netlink_add_u32(struct sys_netlink_message *message, uint16_t type, uint32_t value);

/**
 * Sends @message and waits for the answer. @ret_reply (may be NULL) receives the message that a get
 * request is answered with. The error has the code the kernel gave, its own words where it has any,
 * behind @what; errno is that code, too.
 */
int sys_netlink_request(int fd, struct sys_netlink_message *message,
                        struct sys_netlink_message *ret_reply, const char *where, const char *what,
                        struct thole_error *err);

/** Sends @message as a dump, again if interrupted, and appends every answer to @replies. */
int sys_netlink_dump(int fd, struct sys_netlink_message *message, struct text *replies,
                     const char *what, struct thole_error *err);

/** Walks through @replies: the message at @offset, moved on to the next; NULL at the end. */
const struct nlmsghdr *sys_netlink_next(const struct text *replies, size_t *offset);

/** The attribute @type behind a family header of @header_length bytes, or NULL. */
const struct rtattr *sys_netlink_find(const struct nlmsghdr *message, size_t header_length,
                                      uint16_t type);
