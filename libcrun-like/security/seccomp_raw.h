/* SPDX-License-Identifier: Apache-2.0 */
/* A BPF program given as base64 text instead of rules. Private to this folder. */
#ifndef SECURITY_SECCOMP_RAW_H
#define SECURITY_SECCOMP_RAW_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/error.h"

/** Decodes struct sock_filter[] from base64 (RFC 4648); @ret_instructions is malloc'ed. */
int seccomp_raw_decode(const char *base64, const char *where, struct sock_filter **ret_instructions,
                       size_t *ret_count, struct thole_error *err);

#endif
