/* SPDX-License-Identifier: Apache-2.0 */
/* A file of bounded size that holds what a console says. */
#include "terminal/console_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

/* Never waits for the reader of a FIFO. */
static int open_file(int directory, const char *name) {
    return openat(directory, name,
                  O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
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
    log.file = log.directory < 0 ? -1 : open_file(log.directory, name);
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

/* What there was becomes FILE.1. */
static int rotate(struct terminal_console_log *log) {
    cleanup_text struct text former = {0};
    text_appendf(&former, "%s.1", log->name);
    if (renameat(log->directory, log->name, log->directory, former.data) < 0)
        return -1;
    int file = open_file(log->directory, log->name);
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

void terminal_console_log_write(struct terminal_console_log *log, const char *bytes,
                                size_t length) {
    while (length > 0 && log->file >= 0) {
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

void terminal_console_log_done(struct terminal_console_log *log) {
    cleanup_close_fd(&log->directory);
    cleanup_close_fd(&log->file);
    cleanup_free_pointer(&log->name);
    log->name = NULL;
}
