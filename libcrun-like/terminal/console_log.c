/* SPDX-License-Identifier: Apache-2.0 */
/* A file of bounded size that holds what a console says: as it is, or as lines with their time. */
#include "terminal/console_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

/* Never waits for the reader of a FIFO. */
static int open_file(int directory, const char *name, bool lines) {
    return openat(directory, name,
                  O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
                      (lines ? O_NOFOLLOW : 0),
                  lines ? 0600 : 0640);
}

int terminal_console_log_open(const char *path, uint64_t size, bool rotate,
                              struct terminal_console_log *ret_log, struct thole_error *err) {
    cleanup_terminal_console_log struct terminal_console_log log = TERMINAL_CONSOLE_LOG_INIT;
    struct stat status;
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    (void)snprintf(directory, sizeof(directory), "%.*s/", (int)(name - path), path);
    log.directory = open(slash != NULL ? directory : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    log.file = log.directory < 0 ? -1 : open_file(log.directory, name, false);
    if (log.file < 0 || fstat(log.file, &status) < 0)
        return error_errno(err, NULL, "open %s to log the console", path);
    log.name = strdup(name);
    if (log.name == NULL)
        return error_errno(err, NULL, "open %s to log the console", path);
    log.size = S_ISREG(status.st_mode) ? size : 0;
    log.length = (uint64_t)status.st_size;
    log.rotate = rotate;
    *ret_log = log;
    log = (struct terminal_console_log)TERMINAL_CONSOLE_LOG_INIT;
    return 0;
}

int terminal_console_log_keep(int directory, const char *name, uint64_t size,
                              struct terminal_console_log *ret_log, struct thole_error *err) {
    cleanup_terminal_console_log struct terminal_console_log log = TERMINAL_CONSOLE_LOG_INIT;
    struct stat status;
    log.directory = fcntl(directory, F_DUPFD_CLOEXEC, 3);
    log.file = log.directory < 0 ? -1 : open_file(directory, name, true);
    log.name = strdup(name);
    if (log.file < 0 || fstat(log.file, &status) < 0 || log.name == NULL)
        return error_errno(err, NULL, "open %s to log the console", name);
    log.size = size / 2;
    log.length = (uint64_t)status.st_size;
    log.rotate = log.lines = true;
    *ret_log = log;
    log = (struct terminal_console_log)TERMINAL_CONSOLE_LOG_INIT;
    return 0;
}

/* What there was becomes FILE.1. */
static int rotate(struct terminal_console_log *log) {
    cleanup_text struct text former = {0};
    text_appendf(&former, "%s.1", log->name);
    if (renameat(log->directory, log->name, log->directory, former.data) < 0)
        return -1;
    int file = open_file(log->directory, log->name, log->lines);
    if (file < 0)
        return -1;
    cleanup_close_fd(&log->file);
    log->file = file;
    return 0;
}

static void begin_anew(struct terminal_console_log *log) {
    if (log->rotate && rotate(log) < 0)
        log->failure = errno;
    /* Also if it is still the former one: its size is a promise. */
    if (ftruncate(log->file, 0) < 0)
        log->failure = errno;
    log->length = 0;
}

static void write_bytes(struct terminal_console_log *log, const char *bytes, size_t length) {
    while (length > 0) {
        if (log->size > 0 && log->length >= log->size)
            begin_anew(log);
        size_t piece = length;
        if (log->size > log->length && piece > log->size - log->length)
            piece = (size_t)(log->size - log->length);
        if (file_write_all(log->file, bytes, piece) < 0)
            log->failure = errno;
        log->length += piece;
        bytes += piece;
        length -= piece;
    }
}

/* A line that is not written as a whole is not written. */
static void write_batch(struct terminal_console_log *log, struct text *batch) {
    if (batch->length > 0 && file_write_all(log->file, batch->data, batch->length) < 0) {
        log->failure = errno;
        if (ftruncate(log->file, (off_t)log->length) < 0)
            begin_anew(log);
    } else {
        log->length += batch->length;
    }
    batch->length = 0;
}

static void write_lines(struct terminal_console_log *log, int stream, const char *bytes,
                        size_t length) {
    cleanup_text struct text batch = {0};
    char head[64];
    char time[CLOCK_TIME];
    clock_format_now(time);
    while (length > 0) {
        size_t piece = length < TERMINAL_LOG_PIECE ? length : TERMINAL_LOG_PIECE;
        const char *end = memchr(bytes, '\n', piece);
        piece = end != NULL ? (size_t)(end - bytes) : piece;
        const int headed = snprintf(head, sizeof(head), "%s %s %c ", time,
                                    stream == 0 ? "stdout" : "stderr", end != NULL ? 'F' : 'P');
        if (log->length + batch.length + (size_t)headed + piece + 1 > log->size) {
            write_batch(log, &batch);
            begin_anew(log);
        }
        text_append_bytes(&batch, head, (size_t)headed);
        text_append_bytes(&batch, bytes, piece);
        text_append(&batch, "\n");
        bytes += piece + (end != NULL);
        length -= piece + (end != NULL);
    }
    write_batch(log, &batch);
}

void terminal_console_log_write(struct terminal_console_log *log, int stream, const char *bytes,
                                size_t length) {
    if (log->file >= 0 && log->lines)
        write_lines(log, stream, bytes, length);
    else if (log->file >= 0)
        write_bytes(log, bytes, length);
}

void terminal_console_log_done(struct terminal_console_log *log) {
    cleanup_close_fd(&log->directory);
    cleanup_close_fd(&log->file);
    cleanup_free_pointer(&log->name);
    log->name = NULL;
}
