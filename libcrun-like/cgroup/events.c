/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and waiting for cgroup.events. */
#include "cgroup/events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cgroup/reader.h"

enum { FIRST_PAUSE = 50 * 1000, LONGEST_PAUSE = 20 * 1000 * 1000 /* nanoseconds */ };

void cgroup_pause(unsigned round) {
    long nanoseconds = FIRST_PAUSE;
    for (; round > 0 && nanoseconds < LONGEST_PAUSE; round--)
        nanoseconds *= 2;
    struct timespec pause = {
        .tv_nsec = nanoseconds < LONGEST_PAUSE ? nanoseconds : LONGEST_PAUSE,
    };
    (void)nanosleep(&pause, NULL);
}

static int read_event(int fd, const char *key) {
    char text[256];
    uint64_t value = 0;
    ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
    if (length < 0)
        return -1;
    text[length] = '\0';
    if (cgroup_number_find(text, key, &value))
        return value == 1;
    errno = ENOENT;
    return -1;
}

int cgroup_event(int dirfd, const char *key) {
    cleanup_close int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    return fd < 0 ? -1 : read_event(fd, key);
}

int cgroup_event_wait(int dirfd, const char *key, int value, int timeout) {
    cleanup_close int fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    int64_t end = clock_now() + timeout;
    for (;;) {
        int now = read_event(fd, key);
        if (now < 0)
            return -1;
        if (now == value)
            return 1;
        int64_t left = end - clock_now();
        if (left <= 0)
            return 0;
        struct pollfd waiting = {.fd = fd, .events = POLLPRI};
        if (poll(&waiting, 1, (int)left) < 0 && errno != EINTR)
            return -1;
    }
}
