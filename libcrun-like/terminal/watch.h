/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for several descriptors with epoll(7), for a loop whose wishes seldom change. */
#ifndef TERMINAL_WATCH_H
#define TERMINAL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum { WATCH_MAX = 8 };

struct watch {
    int epoll;
    struct watch_entry {
        int fd;          /* as it is registered, -1: it is not */
        uint32_t events; /* wanted, 0: none */
        bool always;     /* a file that cannot be waited for is always ready */
    } entries[WATCH_MAX];
};
#define WATCH_INIT \
    { .epoll = -1 }

int watch_init(struct watch *watch, struct thole_error *err);

/**
 * What entry @index waits for from now on: EPOLLIN, EPOLLOUT, or 0 for nothing, not even a hang-up.
 * To be called before @fd is closed, or with the next fd that takes its place.
 */
void watch_want(struct watch *watch, int index, int fd, uint32_t events);

/**
 * Waits at most @timeout milliseconds, -1: for ever. @ready has a mask for each entry, with
 * EPOLLHUP and EPOLLERR as poll(2) has them. Returns how many are ready, -1 with errno set.
 */
int watch_wait(struct watch *watch, int timeout, uint32_t ready[WATCH_MAX]);

void watch_done(struct watch *watch);

#endif
