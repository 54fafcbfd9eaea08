/* SPDX-License-Identifier: Apache-2.0 */
/* Closing descriptors in ranges of numbers. */
#include "sys/close_later.h"

#include <unistd.h>

#include "sys/process_calls.h"

enum { NUMBERS = 64, AT_ONCE = 32 };

void sys_close_later(struct sys_close_later *list, int fd) {
    if (fd < 0)
        return;
    if (fd >= NUMBERS) {
        (void)close(fd);
        return;
    }
    list->numbers |= UINT64_C(1) << fd;
    if (__builtin_popcountll(list->numbers) >= AT_ONCE)
        sys_close_later_done(list);
}

void sys_close_later_done(struct sys_close_later *list) {
    for (unsigned first = 0; first < NUMBERS; first++) {
        unsigned end = first;
        while (end < NUMBERS && (list->numbers >> end & 1) != 0)
            end++;
        if (end > first)
            (void)close_range(first, end - 1, 0);
        first = end;
    }
    list->numbers = 0;
}
