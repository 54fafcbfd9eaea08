/* SPDX-License-Identifier: Apache-2.0 */
/* The capability sets of the calling thread: capabilities(7), capset(2). */
#pragma once

#include <stdint.h>

/** Bit n stands for capability n. */
struct sys_capabilities {
    uint64_t effective;
    uint64_t permitted;
    uint64_t inheritable;
};

/** Both return -1 with errno set. */
int sys_get_capabilities(struct sys_capabilities *ret_sets);
int sys_set_capabilities(const struct sys_capabilities *sets);
