/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of bytes for tables, as lxc-info and lxc-top print them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** "90 bytes", "2.08 KiB", "1.00 GiB"; @raw: "90". Returns @buffer. */
char *size_format(uint64_t bytes, bool raw, char *buffer, size_t size);
