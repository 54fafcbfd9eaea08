/* SPDX-License-Identifier: Apache-2.0 */
/* The vocabulary of linux.seccomp: actions, operators, architectures, flags. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The SECCOMP_RET_* word of @action; @errno_ret is used by ERRNO and TRACE. False: unknown. */
bool seccomp_action_value(const char *action, uint32_t errno_ret, uint32_t *ret_value);

/** The position of @operator in enum scmp_compare order, starting with 1 (NE); 0: unknown. */
unsigned seccomp_operator_value(const char *operator_name);

/**
 * libseccomp's own word for an SCMP_ARCH_* name ("x86_64"), written to @buffer. False: the name is
 * not of that form.
 */
bool seccomp_architecture_word(const char *name, char *buffer, size_t size);

/** What thole knows; each list ends with NULL. */
extern const char *const seccomp_known_actions[];
extern const char *const seccomp_known_operators[];
extern const char *const seccomp_known_architectures[];
extern const char *const seccomp_known_flags[];
/** Flags this kernel accepts (seccomp(2) with a NULL filter answers EFAULT for those). */
size_t seccomp_supported_flags(const char *ret_flags[], size_t capacity);
