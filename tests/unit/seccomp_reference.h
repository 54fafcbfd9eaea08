/* SPDX-License-Identifier: Apache-2.0 */
/* What a seccomp profile means, by other means than thole's: libseccomp's own program of it, and a
 * small interpreter of such programs. */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"
#include "security/seccomp_filter.h"

/** Runs @program as the kernel does. False: it is not one that the kernel would take. */
bool seccomp_reference_judge(const struct sock_filter *program, size_t count,
                             const struct seccomp_data *data, uint32_t *ret_answer);

/** libseccomp's number for an architecture of the configuration ("SCMP_ARCH_X86"), 0: none. */
uint32_t seccomp_reference_architecture(const char *name);

/**
 * All rules in one context, as libseccomp is meant to be used. -1: it refuses them. The first call
 * of the first rule should be one that every architecture has, without arguments to compare.
 */
int seccomp_reference_compile(const struct plan_seccomp *plan, struct seccomp_filter *ret_filter);
