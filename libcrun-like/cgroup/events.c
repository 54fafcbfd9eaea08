/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and waiting for cgroup.events. */
#include "cgroup/events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

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

/* Lines are "key value". */
static int value_of(const char *text, const char *key) {
    size_t length = strlen(key);
    for (const char *line = text; line != NULL && *line != '\0';) {
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return line[length + 1] == '1';
        line = strchr(line, '\n');
        if (line != NULL)
            line++;
    }
    errno = ENOENT;
    return -1;
}

static int read_event(int fd, const char *key) {
    char text[256];
    ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
    if (length < 0)
        return -1;
    text[length] = '\0';
    return value_of(text, key);
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
