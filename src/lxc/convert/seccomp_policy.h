/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp policy files of LXC, both versions of them. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "oci-spec/spec.h"

/** What a policy means on one machine, and what of it has no effect there. */
struct lxc_seccomp_policy {
    struct oci_seccomp seccomp;
    struct oci_strings notes; /* "FILE:LINE: why" */
};

/**
 * Reads the text of @file for @machine ("x86_64", as uname(2) has it). @name_of gives the name of a
 * system call's number, NULL: unknown. Everything lives in @arena.
 */
int lxc_seccomp_policy_read(const char *text, const char *file, const char *machine,
                            const char *(*name_of)(struct arena *arena, unsigned number),
                            struct arena *arena, struct lxc_seccomp_policy *ret_policy,
                            struct thole_error *err);
