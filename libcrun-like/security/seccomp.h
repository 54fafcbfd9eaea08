/* SPDX-License-Identifier: Apache-2.0 */
/* From resolved seccomp rules to a BPF program, and loading it. */
#ifndef SECURITY_SECCOMP_H
#define SECURITY_SECCOMP_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"

/** A compiled filter; @instructions is malloc'ed. */
struct seccomp_filter {
    struct sock_filter *instructions;
    size_t count;
    unsigned flags; /* SECCOMP_FILTER_FLAG_* */
};

/**
 * Compiles with libseccomp, opened when first needed: names, architectures and rules with arguments
 * are its affair, calls with one answer become a search among intervals. System calls newer than
 * every one the rules name get ENOSYS instead of the default errno, so that C libraries can fall
 * back (only where the default action is ERRNO with EPERM). Names this libseccomp does not know are
 * skipped, unless the plan says that is fatal.
 */
int seccomp_compile(const struct plan_seccomp *plan, const struct thole_log *log,
                    struct seccomp_filter *ret_filter, struct thole_error *err);

/**
 * As seccomp_compile(), but a filter compiled from the same rules within the last day is taken from
 * the directory @cache_fd (-1: no cache), and a new one is left there. libseccomp needs
 * milliseconds for a usual profile, and is not even opened for a cached one. Entries that somebody
 * else owns or may write to are not used. The directory never holds more than 64 files.
 */
int seccomp_compile_cached(const struct plan_seccomp *plan, const struct thole_log *log,
                           int cache_fd, struct seccomp_filter *ret_filter,
                           struct thole_error *err);

/**
 * Loads the filter into the calling thread. Returns the notify fd when the filter has
 * SECCOMP_FILTER_FLAG_NEW_LISTENER, else 0.
 */
int seccomp_load(const struct seccomp_filter *filter, struct thole_error *err);

/** Stores and reads a compiled filter in the state directory, so that exec need not compile. */
int seccomp_filter_save(const struct seccomp_filter *filter, int dirfd, const char *name,
                        struct thole_error *err);
int seccomp_filter_read(int dirfd, const char *name, struct seccomp_filter *ret_filter,
                        struct thole_error *err);

void seccomp_filter_done(struct seccomp_filter *filter);
#define cleanup_seccomp_filter __attribute__((cleanup(seccomp_filter_done)))

/** What the linked libseccomp offers, for `thole features` and `--version`; NULL: not available. */
const char *seccomp_version(void);
/** NULL-terminated lists owned by static storage: actions, operators, architectures, flags. */
const char *const *seccomp_known_actions(void);
const char *const *seccomp_known_operators(void);
const char *const *seccomp_known_architectures(void);
const char *const *seccomp_known_flags(void);
/** Flags this kernel accepts (seccomp(2) with a NULL filter answers EFAULT for those). */
size_t seccomp_supported_flags(const char *ret_flags[], size_t capacity);

/**
 * Sends the notify fd with the container process state @json to the AF_UNIX stream socket @path:
 * runtime-spec "Container Process State".
 */
int seccomp_send_listener(const char *path, int notify_fd, const char *json,
                          struct thole_error *err);

#endif
