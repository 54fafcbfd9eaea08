/* SPDX-License-Identifier: Apache-2.0 */
/* A file for each pair of categories: lines of "PID START-TIME", replaced under the directory's
 * lock. */
#include "state/selinux_ranges.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "state/container.h"
#include "state/process.h"

enum { FILE_MAX = 1 << 20 };

struct pair {
    unsigned low;
    unsigned high;
};

int selinux_ranges_open(struct thole_error *err) {
    cleanup_free char *root = container_default_root(err);
    cleanup_text struct text path = {0};
    if (root == NULL)
        return -1;
    text_appendf(&path, "%s-selinux", root);
    return container_open_root(&(struct thole_context){.root = path.data}, true, err);
}

/* The kernel takes the lock from whoever ends. It lies on a description of its own: a lock on
 * @registry itself would be shared with the caller's other threads. */
static int lock(int registry, struct thole_error *err) {
    cleanup_close int fd = openat(registry, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, NULL, "open the registry of SELinux ranges");
    while (flock(fd, LOCK_EX) < 0) {
        if (errno != EINTR)
            return error_errno(err, NULL, "lock the registry of SELinux ranges");
    }
    return take_fd(&fd);
}

/* ---- the processes of a range ---- */

static int append_process(pid_t pid, struct text *owners, struct thole_error *err) {
    uint64_t start_time = 0;
    int lives = process_start_time(pid, &start_time, err);
    if (lives == 0)
        return error_state(err, "process %d is gone, and cannot have an SELinux range", (int)pid);
    if (lives > 0)
        text_appendf(owners, "%d %" PRIu64 "\n", (int)pid, start_time);
    return lives;
}

static int append_if_alive(const char *line, pid_t except, struct text *owners,
                           struct thole_error *err) {
    const char *rest = line;
    uint64_t pid = 0;
    uint64_t start_time = 0;
    if (!words_next_uint(&rest, &pid) || !words_next_uint(&rest, &start_time) || pid == 0 ||
        pid > INT32_MAX)
        return error_bug(err, "the registry of SELinux ranges has a line \"%s\"", line);
    if ((pid_t)pid == except)
        return 0;
    int lives = process_lives((pid_t)pid, start_time, err);
    if (lives > 0)
        text_appendf(owners, "%" PRIu64 " %" PRIu64 "\n", pid, start_time);
    return lives < 0 ? -1 : 0;
}

/* Those who are alive, but for @except; nothing if nobody is. */
static int read_owners(int registry, const char *range, pid_t except, struct text *ret_owners,
                       struct thole_error *err) {
    cleanup_free char *text = NULL;
    struct thole_error failure = {0};
    text_append(ret_owners, "");
    if (file_read_regular_at(registry, range, FILE_MAX, &text, NULL, &failure) < 0)
        return failure.code == ENOENT ? 0 : error_copy(err, &failure);
    const char *rest = text;
    const char *line = NULL;
    size_t length = 0;
    while (text_next_line(&rest, &line, &length)) {
        cleanup_free char *copy = strndup(line, length);
        if (length > 0 && append_if_alive(copy, except, ret_owners, err) < 0)
            return -1;
    }
    return 0;
}

static int write_owners(int registry, const char *range, const struct text *owners,
                        struct thole_error *err) {
    return file_replace_at(registry, range, owners->data, owners->length, 0600, err);
}

/* ---- ranges ---- */

/* All pairs of @categories in a row: (0,1), (0,2) ... (1,2) ... */
static struct pair pair_number(unsigned categories, uint64_t number) {
    struct pair pair = {0, 0};
    while (number >= categories - 1 - pair.low) {
        number -= categories - 1 - pair.low;
        pair.low++;
    }
    pair.high = pair.low + 1 + (unsigned)number;
    return pair;
}

/* 1: it is the caller's now; 0: others live with it. */
static int try_range(int registry, const char *range, struct thole_error *err) {
    cleanup_text struct text owners = {0};
    if (read_owners(registry, range, 0, &owners, err) < 0)
        return -1;
    if (owners.length > 0)
        return 0;
    if (append_process(getpid(), &owners, err) < 0 ||
        write_owners(registry, range, &owners, err) < 0)
        return -1;
    return 1;
}

int selinux_range_allocate(int registry, unsigned categories, char ret_range[SELINUX_RANGE_SIZE],
                           struct thole_error *err) {
    const uint64_t pairs = (uint64_t)categories * (categories - 1) / 2;
    uint64_t first = 0;
    /* At random: files that outlive their container are then seldom another one's. */
    if (getrandom(&first, sizeof(first), 0) != (ssize_t)sizeof(first))
        return error_errno(err, NULL, "get random bytes for an SELinux range");
    cleanup_close int locked = lock(registry, err);
    if (locked < 0)
        return -1;
    for (uint64_t i = 0; i < pairs; i++) {
        const struct pair pair = pair_number(categories, (first % pairs + i) % pairs);
        selinux_range_format(pair.low, pair.high, ret_range);
        int result = try_range(registry, ret_range, err);
        if (result != 0)
            return result < 0 ? -1 : 0;
    }
    return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                     "containers have all %" PRIu64 " SELinux ranges of two categories", pairs);
}

int selinux_range_hold(int registry, const char *range, pid_t pid, struct thole_error *err) {
    cleanup_text struct text owners = {0};
    cleanup_close int locked = lock(registry, err);
    if (locked < 0 || read_owners(registry, range, pid, &owners, err) < 0 ||
        append_process(pid, &owners, err) < 0)
        return -1;
    return write_owners(registry, range, &owners, err);
}

int selinux_range_release(int registry, const char *range, struct thole_error *err) {
    cleanup_text struct text owners = {0};
    cleanup_close int locked = lock(registry, err);
    if (locked < 0 || read_owners(registry, range, getpid(), &owners, err) < 0)
        return -1;
    if (owners.length > 0)
        return write_owners(registry, range, &owners, err);
    if (unlinkat(registry, range, 0) < 0 && errno != ENOENT)
        return error_errno(err, NULL, "remove the SELinux range %s", range);
    return 0;
}
