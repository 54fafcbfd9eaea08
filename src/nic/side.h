/* SPDX-License-Identifier: Apache-2.0 */
/* A network namespace as netlink sees it: a socket that belongs to it, and the kernel's own words
 * for what it refuses. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct nl_msg;
struct nl_sock;

struct nic_side {
    struct nl_sock *socket;
    int namespace_fd;
    int code;         /* errno of the last refusal, 0: none */
    char reason[160]; /* what the kernel said besides, or "" */
};

/** The namespace the calling process is in. */
int nic_side_open_own(struct nic_side **ret_side, struct thole_error *err);

/**
 * That of process @pid. An ordinary user gets into namespaces of a user namespace of his own. Only
 * the calling thread is in the other namespace for a moment.
 */
int nic_side_open_process(pid_t pid, struct nic_side **ret_side, struct thole_error *err);

/** That of @namespace_fd, which stays the caller's. */
int nic_side_open_namespace(int namespace_fd, struct nic_side **ret_side, struct thole_error *err);

/** 1 if both are the same namespace, -1: an error. */
int nic_side_is_same(const struct nic_side *a, const struct nic_side *b, struct thole_error *err);

/**
 * Sends @message, which is released, and gives every answer to @take with @argument; returns 0 or
 * libnl's negative number.
 */
int nic_side_ask(struct nic_side *side, struct nl_msg *message,
                 int (*take)(struct nl_msg *message, void *argument), void *argument);

/** The error for a libnl function that returned @result: errno and the kernel's words. */
int nic_side_error(struct nic_side *side, int result, struct thole_error *err, const char *where,
                   const char *format, ...) __attribute__((cold, format(printf, 5, 6)));

/** True if the errno behind @result is @code; it is forgotten then. Some functions of libnl keep
 * errno to themselves and tell it by their own number only. */
bool nic_side_refused(struct nic_side *side, int result, int code);

void nic_side_close(struct nic_side **side);
#define cleanup_nic_side __attribute__((cleanup(nic_side_close)))
