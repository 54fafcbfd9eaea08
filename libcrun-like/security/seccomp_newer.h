/* SPDX-License-Identifier: Apache-2.0 */
/* ENOSYS for system calls that are newer than a seccomp profile. Private to this folder. */
#ifndef SECURITY_SECCOMP_NEWER_H
#define SECURITY_SECCOMP_NEWER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/** The newest system call that a profile names on one architecture. */
struct seccomp_newest {
    uint32_t audit_architecture; /* AUDIT_ARCH_* as in struct seccomp_data */
    uint32_t first;              /* the numbers of this ABI: x32 shares x86-64's architecture */
    uint32_t last;
    uint32_t newest;
};

enum { SECCOMP_NEWER_LENGTH = 7 }; /* instructions per entry of seccomp_newer_build() */

/**
 * Writes @count * SECCOMP_NEWER_LENGTH instructions that return ERRNO with ENOSYS for every number
 * above .newest and fall through to what follows them otherwise. A C library that probes for a new
 * call and gets EPERM gives up; with ENOSYS it falls back to the older one.
 */
void seccomp_newer_build(const struct seccomp_newest *entries, size_t count,
                         struct sock_filter *ret_instructions);

#endif
