/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the host's users. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/**
 * The name of @uid in /etc/passwd goes to @buffer; false: it has none there. Name services are not
 * asked: their modules are shared libraries.
 */
int user_name(uint32_t uid, char *buffer, size_t size, bool *ret_known, struct thole_error *err);
