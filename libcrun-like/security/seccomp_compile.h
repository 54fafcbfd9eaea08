/* SPDX-License-Identifier: Apache-2.0 */
/* From resolved seccomp rules to a BPF program. */
#pragma once

#include "base/error.h"
#include "base/log.h"
#include "plan/plan.h"
#include "security/seccomp_filter.h"

/**
 * Compiles with libseccomp: names, architectures and rules with arguments are its affair, calls
 * with one answer become a search among intervals. System calls newer than every one the rules name
 * get ENOSYS instead of the default errno, so that C libraries can fall back (only where the
 * default action is ERRNO with EPERM). Names this libseccomp does not know are skipped, unless the
 * plan says that is fatal.
 */
int seccomp_compile(const struct plan_seccomp *plan, const struct thole_log *log,
                    struct seccomp_filter *ret_filter, struct thole_error *err);

/** Version of libseccomp; NULL: not built in. */
const char *seccomp_library_version(void);

/** The name of the native system call @number, malloc'ed; NULL: unknown, or libseccomp is not
 * built in. */
char *seccomp_syscall_name(unsigned number);
