/* SPDX-License-Identifier: Apache-2.0 */
/* A network namespace as netlink sees it: a socket that belongs to it, and the kernel's own words
 * for what it refuses. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct nl_sock;

struct lxc_side {
    struct nl_sock *socket;
    int namespace_fd;
    int code;         /* errno of the last refusal, 0: none */
    char reason[160]; /* what the kernel said besides, or "" */
};

/** The namespace the calling process is in. */
int lxc_side_open_own(struct lxc_side **ret_side, struct thole_error *err);

/**
 * That of process @pid. An ordinary user gets into namespaces of a user namespace of his own. Only
 * the calling thread is in the other namespace for a moment.
 */
int lxc_side_open_process(pid_t pid, struct lxc_side **ret_side, struct thole_error *err);

/** That of @namespace_fd, which stays the caller's. */
int lxc_side_open_namespace(int namespace_fd, struct lxc_side **ret_side, struct thole_error *err);

/** 1 if both are the same namespace, -1: an error. */
int lxc_side_is_same(const struct lxc_side *a, const struct lxc_side *b, struct thole_error *err);

/** The error for a libnl function that returned @result: errno and the kernel's words. */
int lxc_side_error(struct lxc_side *side, int result, struct thole_error *err, const char *where,
                   const char *format, ...) __attribute__((cold, format(printf, 5, 6)));

/** True if the last refusal was @code; it is forgotten then. */
int lxc_side_refused(struct lxc_side *side, int code);

void lxc_side_close(struct lxc_side **side);
#define cleanup_lxc_side __attribute__((cleanup(lxc_side_close)))
