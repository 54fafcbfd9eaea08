/* SPDX-License-Identifier: Apache-2.0 */
/* One seccomp program out of one for each architecture. Private to this folder. */
#ifndef SECURITY_SECCOMP_SECTIONS_H
#define SECURITY_SECCOMP_SECTIONS_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/** The program of one architecture and the system calls it judges. */
struct seccomp_section {
    uint32_t audit_architecture; /* AUDIT_ARCH_* as in struct seccomp_data */
    uint32_t first;              /* the numbers of this ABI: x32 shares x86-64's architecture */
    uint32_t last;
    /* Above it every number gives ENOSYS: a C library that probes for a call which is newer than
     * the profile gives up at EPERM, and falls back to the older one at ENOSYS. */
    uint32_t newest;
    struct sock_filter *program; /* malloc'ed */
    size_t count;
};

void seccomp_sections_done(struct seccomp_section *sections, size_t count);

/** Instructions that seccomp_sections_join() writes. */
size_t seccomp_sections_length(const struct seccomp_section *sections, size_t count);

/**
 * Joins the programs. What belongs to none of them reaches the program of the last section, which
 * refuses foreign architectures by itself.
 */
void seccomp_sections_join(const struct seccomp_section *sections, size_t count,
                           struct sock_filter *ret_instructions);

#endif
