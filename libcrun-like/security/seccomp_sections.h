/* SPDX-License-Identifier: Apache-2.0 */
/* One seccomp program out of what each architecture needs. Private to this folder. */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "security/seccomp_table.h"

/** The number of a call that a tracer skips, and of one that somebody has made up: of every ABI. */
#define SECCOMP_NO_CALL UINT32_MAX

/** One architecture, or ABI: answers to its numbers, and libseccomp's program for the others. */
struct seccomp_section {
    uint32_t audit_architecture; /* AUDIT_ARCH_* as in struct seccomp_data */
    uint32_t first;              /* the numbers of this ABI: x32 shares x86-64's architecture */
    uint32_t last;
    struct seccomp_intervals intervals;
    struct sock_filter *program; /* malloc'ed; NULL if no interval refers to it */
    size_t count;
};

void seccomp_section_done(struct seccomp_section *section);

/** Instructions that seccomp_sections_join() writes. */
size_t seccomp_sections_length(const struct seccomp_section *sections, size_t count);

/**
 * Writes the program: it finds the section, then the interval by binary search. What belongs to no
 * section gets @foreign_action. SECCOMP_NO_CALL belongs to the first one of its architecture.
 */
void seccomp_sections_join(const struct seccomp_section *sections, size_t count,
                           uint32_t foreign_action, struct sock_filter *ret_instructions);
