/* SPDX-License-Identifier: Apache-2.0 */
/* For loops that open something for each of many things: descriptors that were opened one after the
 * other have numbers in a row, and one call closes them all. */
#pragma once

#include <stdint.h>

/** Zero-initialise to use. Bit n stands for descriptor n. */
struct sys_close_later {
    uint64_t numbers;
};

/** Takes @fd (-1 is allowed), which nobody uses any more. It is closed with others, soon: there are
 * never many. */
void sys_close_later(struct sys_close_later *list, int fd);
void sys_close_later_done(struct sys_close_later *list);
#define cleanup_sys_close_later __attribute__((cleanup(sys_close_later_done)))
