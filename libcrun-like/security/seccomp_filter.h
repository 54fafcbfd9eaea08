/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled seccomp filter: loading it, and keeping it in a file. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"

/** A compiled filter; @instructions is malloc'ed. */
struct seccomp_filter {
    struct sock_filter *instructions;
    size_t count;
    unsigned flags; /* SECCOMP_FILTER_FLAG_* */
};

/**
 * Loads the filter into the calling thread. Returns the notify fd when the filter has
 * SECCOMP_FILTER_FLAG_NEW_LISTENER, else 0.
 */
int seccomp_filter_load(const struct seccomp_filter *filter, struct thole_error *err);

/**
 * An error if the filter stops a call that the process itself has to make behind it: execve, and
 * capset where loading it takes a privilege that is given up afterwards. Then nothing could be told
 * any more: a filter may forbid that as well.
 */
int seccomp_filter_check(const struct seccomp_filter *filter, bool no_new_privileges,
                         const char *where, struct thole_error *err);

/** True if this kernel knows the SECCOMP_FILTER_FLAG_* @flag. */
bool seccomp_filter_flag_supported(unsigned flag);

/**
 * Keeps a compiled filter in a file, together with the @key that it is to be found by (an empty one
 * in the state directory, from where exec takes it).
 */
int seccomp_filter_save(const struct seccomp_filter *filter, const struct text *key, int dirfd,
                        const char *name, struct thole_error *err);

/** Reads what was saved with the same @key from the open file @fd, called @name in errors. */
int seccomp_filter_read(int fd, const struct text *key, const char *name,
                        struct seccomp_filter *ret_filter, struct thole_error *err);

/** Decodes struct sock_filter[] from base64 (RFC 4648). */
int seccomp_filter_decode(const char *base64, const char *where, struct seccomp_filter *ret_filter,
                          struct thole_error *err);

void seccomp_filter_done(struct seccomp_filter *filter);
#define cleanup_seccomp_filter __attribute__((cleanup(seccomp_filter_done)))
