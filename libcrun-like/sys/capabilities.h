/* SPDX-License-Identifier: Apache-2.0 */
/* The capabilities of the calling thread, through libcap: capabilities(7), capset(2). */
#pragma once

#include <stdint.h>

/** Bit n stands for capability n. */
struct sys_capabilities {
    uint64_t effective;
    uint64_t permitted;
    uint64_t inheritable;
};

/** All of these return -1 with errno set. */
int sys_get_capabilities(struct sys_capabilities *ret_sets);
int sys_set_capabilities(const struct sys_capabilities *sets);
int sys_drop_bounding_capability(int capability);
int sys_raise_ambient_capability(int capability);
