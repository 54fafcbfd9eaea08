/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled seccomp filter: loading it, and keeping it in the state directory. */
#ifndef SECURITY_SECCOMP_FILTER_H
#define SECURITY_SECCOMP_FILTER_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/error.h"

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

/** Stores and reads a compiled filter in the state directory, so that exec need not compile. */
int seccomp_filter_save(const struct seccomp_filter *filter, int dirfd, const char *name,
                        struct thole_error *err);
int seccomp_filter_read(int dirfd, const char *name, struct seccomp_filter *ret_filter,
                        struct thole_error *err);

void seccomp_filter_done(struct seccomp_filter *filter);
#define cleanup_seccomp_filter __attribute__((cleanup(seccomp_filter_done)))

#endif
