/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of the host that take part in making a network. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/** True if @name is an executable file in one of PATH's directories. */
bool nic_program_exists(const char *name);

/**
 * Runs @words (at most 15, NULL-terminated), its program looked up in PATH, with the caller's
 * environment and standard streams, and waits. Anything but exit status 0 is an error.
 */
int nic_program_run(const char *const *words, const char *where, struct thole_error *err);

/** The same, with the first line of its output in @answer, which is cut to @size. */
int nic_program_ask(const char *const *words, char *answer, size_t size, const char *where,
                    struct thole_error *err);
