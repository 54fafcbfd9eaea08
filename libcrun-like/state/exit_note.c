/* SPDX-License-Identifier: Apache-2.0 */
/* One line: the pid, and its status once it is known. */
#include "state/exit_note.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/words.h"

enum { LINE_MAX_LENGTH = 40 };

int exit_note_begin(const struct container *container, pid_t pid, struct thole_error *err) {
    char line[LINE_MAX_LENGTH];
    int length = snprintf(line, sizeof(line), "%d", (int)pid);
    if (unlinkat(container->directory, STATE_EXIT, 0) < 0 && errno != ENOENT)
        return error_errno(err, NULL, "remove the note of how init ended before");
    cleanup_close int fd = openat(container->directory, STATE_EXIT,
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 || file_write_all(fd, line, (size_t)length) < 0)
        return error_errno(err, NULL, "make a file for how init ends");
    return 0;
}

int exit_note_write(const struct container *container, pid_t pid, int status,
                    struct thole_error *err) {
    char line[LINE_MAX_LENGTH];
    int length = snprintf(line, sizeof(line), "%d %d\n", (int)pid, status);
    cleanup_close int fd =
        openat(container->directory, STATE_EXIT, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || file_write_all(fd, line, (size_t)length) < 0)
        return error_errno(err, NULL, "note how init ended");
    return 0;
}

int exit_note_open(const struct container *container) {
    return openat(container->directory, STATE_EXIT, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* 1: the line of init @pid; 2: with its status. 0: it is of another one, or not there. */
static int read_line(int fd, pid_t pid, uint64_t *ret_status) {
    char line[LINE_MAX_LENGTH] = "";
    const char *rest = line;
    uint64_t of = 0;
    if (fd < 0 || pread(fd, line, sizeof(line) - 1, 0) <= 0 || !words_next_uint(&rest, &of) ||
        of != (uint64_t)pid)
        return 0;
    return strchr(line, '\n') != NULL && words_next_uint(&rest, ret_status) ? 2 : 1;
}

bool exit_note_is_of(int fd, pid_t pid) {
    uint64_t status = 0;
    return read_line(fd, pid, &status) > 0;
}

int exit_note_read(int fd, pid_t pid) {
    uint64_t status = 0;
    return read_line(fd, pid, &status) == 2 ? (int)status : -1;
}
