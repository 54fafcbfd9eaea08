/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for several descriptors with epoll(7), for a loop whose wishes seldom change. */
#include "terminal/watch.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

int watch_init(struct watch *watch, struct thole_error *err) {
    for (int i = 0; i < WATCH_MAX; i++)
        watch->entries[i] = (struct watch_entry){.fd = -1};
    watch->epoll = epoll_create1(EPOLL_CLOEXEC);
    return watch->epoll < 0 ? error_errno(err, NULL, "create an epoll instance") : 0;
}

static void forget(struct watch *watch, struct watch_entry *entry) {
    /* A descriptor that was closed has gone from the set by itself. */
    if (entry->fd >= 0 && !entry->always)
        (void)epoll_ctl(watch->epoll, EPOLL_CTL_DEL, entry->fd, NULL);
    *entry = (struct watch_entry){.fd = -1};
}

void watch_want(struct watch *watch, int index, int fd, uint32_t events) {
    struct watch_entry *entry = &watch->entries[index];
    struct epoll_event event = {.events = events, .data.fd = index};
    if (fd < 0)
        events = 0;
    if (events == 0 || fd != entry->fd)
        forget(watch, entry);
    if (events == 0 || events == entry->events)
        return;
    int operation = entry->fd < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    *entry = (struct watch_entry){.fd = fd, .events = events, .always = entry->always};
    if (!entry->always && epoll_ctl(watch->epoll, operation, fd, &event) < 0)
        entry->always = true;
}

int watch_wait(struct watch *watch, int timeout, uint32_t ready[WATCH_MAX]) {
    struct epoll_event events[WATCH_MAX];
    int count = 0;
    memset(ready, 0, WATCH_MAX * sizeof(*ready));
    for (int i = 0; i < WATCH_MAX; i++) {
        if (!watch->entries[i].always)
            continue;
        ready[i] = watch->entries[i].events;
        count++;
    }
    int got = epoll_wait(watch->epoll, events, WATCH_MAX, count > 0 ? 0 : timeout);
    for (int i = 0; i < got; i++)
        ready[events[i].data.fd] = events[i].events;
    return got < 0 ? got : got + count;
}

void watch_done(struct watch *watch) {
    if (watch->epoll >= 0)
        (void)close(watch->epoll);
    watch->epoll = -1;
}
