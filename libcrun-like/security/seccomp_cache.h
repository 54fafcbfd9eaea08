/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters that are kept for the next container with the same rules. */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"
#include "security/seccomp_filter.h"

/**
 * As seccomp_compile(), but a filter compiled from the same rules within the last day is taken from
 * the directory @cache_fd (-1: no cache), and a new one is left there. libseccomp needs
 * milliseconds for a usual profile. Entries that somebody else owns or may write to are not used.
 * The directory never holds more than 64 files.
 */
int seccomp_compile_cached(const struct plan_seccomp *plan, const struct thole_log *log,
                           int cache_fd, struct seccomp_filter *ret_filter,
                           struct thole_error *err);
