/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what terminal_console_log_keep() writes, while it is written and after that. */
#include "terminal/console_log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "terminal/console_log.h"

enum { HEAD_MAX = 64, LINE_MAX_BYTES = TERMINAL_LOG_PIECE + HEAD_MAX };

/* ---- files ---- */

/* 1 if @name is there, 0 if not. */
static int open_file(int directory, const char *name, struct console_log_file *ret_file,
                     struct thole_error *err) {
    struct stat status;
    cleanup_close int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    *ret_file = (struct console_log_file)CONSOLE_LOG_FILE_INIT;
    if (fd < 0)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "open %s", name);
    if (fstat(fd, &status) < 0)
        return error_errno(err, NULL, "stat %s", name);
    if (!S_ISREG(status.st_mode))
        return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s is not a regular file", name);
    ret_file->buffer = malloc(LINE_MAX_BYTES);
    if (ret_file->buffer == NULL)
        return error_errno(err, NULL, "allocate memory");
    ret_file->fd = take_fd(&fd);
    return 1;
}

static void close_file(struct console_log_file *file) {
    cleanup_close_fd(&file->fd);
    free(file->buffer);
    *file = (struct console_log_file)CONSOLE_LOG_FILE_INIT;
}

/* 1 if @status is of @file, which is open; 0 if not. */
static int is_of(const struct stat *status, const struct console_log_file *file,
                 struct thole_error *err) {
    struct stat opened;
    if (fstat(file->fd, &opened) < 0)
        return error_errno(err, NULL, "stat the log of the console");
    return status->st_ino == opened.st_ino && status->st_dev == opened.st_dev;
}

/* 1 if @name is @file, or both are not there. */
static int is_still(int directory, const char *name, const struct console_log_file *file,
                    struct thole_error *err) {
    struct stat named;
    if (fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? file->fd < 0 : error_errno(err, NULL, "stat %s", name);
    return file->fd < 0 ? 0 : is_of(&named, file, err);
}

static int is_same(const struct console_log_file *one, const struct console_log_file *other,
                   struct thole_error *err) {
    struct stat status;
    if (one->fd < 0 || other->fd < 0)
        return one->fd < 0 && other->fd < 0;
    if (fstat(one->fd, &status) < 0)
        return error_errno(err, NULL, "stat the log of the console");
    return is_of(&status, other, err);
}

static void former_name(const char *name, struct text *former) {
    text_appendf(former, "%s.1", name);
}

/* The former file first: when it is the same afterwards, there was no rotation in between. */
int console_log_reader_open(int directory, const char *name, struct console_log_reader *ret_reader,
                            struct thole_error *err) {
    cleanup_console_log_reader struct console_log_reader reader = CONSOLE_LOG_READER_INIT;
    cleanup_text struct text former = {0};
    former_name(name, &former);
    *ret_reader = (struct console_log_reader)CONSOLE_LOG_READER_INIT;
    int stands = 0;
    while (stands == 0) {
        console_log_reader_done(&reader);
        if (open_file(directory, former.data, &reader.former, err) < 0 ||
            open_file(directory, name, &reader.current, err) < 0)
            return -1;
        stands = is_still(directory, former.data, &reader.former, err);
    }
    if (stands < 0)
        return -1;
    *ret_reader = reader;
    ret_reader->directory = directory;
    ret_reader->name = name;
    reader = (struct console_log_reader)CONSOLE_LOG_READER_INIT;
    return ret_reader->former.fd >= 0 || ret_reader->current.fd >= 0;
}

void console_log_reader_done(struct console_log_reader *reader) {
    close_file(&reader->former);
    close_file(&reader->current);
}

void console_log_reader_rewind(struct console_log_reader *reader) {
    struct console_log_file *const files[] = {&reader->former, &reader->current};
    for (int i = 0; i < 2; i++) {
        files[i]->position = 0;
        files[i]->start = files[i]->end = 0;
    }
}

/* ---- lines ---- */

/* "TIME stdout F TEXT", of which the line break is cut off. */
static int parse(char *line, size_t length, struct console_log_entry *entry,
                 struct thole_error *err) {
    enum { STREAM = sizeof("2026-01-31T12:00:00.000000000Z"), TAG = STREAM + 7, TEXT = TAG + 2 };
    const bool is_output = length >= TEXT && memcmp(line + STREAM - 1, " stdout ", 8) == 0;
    const bool is_error = length >= TEXT && memcmp(line + STREAM - 1, " stderr ", 8) == 0;
    if ((!is_output && !is_error) || (line[TAG] != 'F' && line[TAG] != 'P') ||
        line[TEXT - 1] != ' ')
        return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                         "the log of the console has a line that no keeper has written");
    line[STREAM - 1] = '\0';
    *entry = (struct console_log_entry){
        .time = line,
        .stream = is_error,
        .bytes = line + TEXT,
        .length = length - TEXT,
        .ends = line[TAG] == 'F',
    };
    return 1;
}

/* Behind what there is; 1 if there is more then. */
static int fill(struct console_log_file *file, struct thole_error *err) {
    memmove(file->buffer, file->buffer + file->start, file->end - file->start);
    file->end -= file->start;
    file->start = 0;
    const ssize_t got = uninterrupted(
        pread(file->fd, file->buffer + file->end, LINE_MAX_BYTES - file->end, file->position));
    if (got < 0)
        return error_errno(err, NULL, "read the log of the console");
    file->position += got;
    file->end += (size_t)got;
    return got > 0;
}

/* A line without its end is still being written. */
static int next_in(struct console_log_file *file, struct console_log_entry *entry,
                   struct thole_error *err) {
    int more = 1;
    while (file->fd >= 0 && more == 1) {
        char *line = file->buffer + file->start;
        const size_t there = file->end - file->start;
        const char *end = memchr(line, '\n', there);
        if (end != NULL) {
            file->start += (size_t)(end - line) + 1;
            return parse(line, (size_t)(end - line), entry, err);
        }
        if (there == LINE_MAX_BYTES)
            return parse(line, 0, entry, err);
        more = fill(file, err);
    }
    return more < 0 ? -1 : 0;
}

int console_log_reader_next(struct console_log_reader *reader, struct console_log_entry *ret_entry,
                            struct thole_error *err) {
    const int got = next_in(&reader->former, ret_entry, err);
    return got != 0 ? got : next_in(&reader->current, ret_entry, err);
}

static void exchange_files(struct console_log_file *one, struct console_log_file *other) {
    const struct console_log_file kept = *one;
    *one = *other;
    *other = kept;
}

int console_log_reader_advance(struct console_log_reader *reader, struct thole_error *err) {
    cleanup_console_log_reader struct console_log_reader now = CONSOLE_LOG_READER_INIT;
    int same = is_still(reader->directory, reader->name, &reader->current, err);
    if (same != 0)
        return same < 0 ? -1 : 0;
    if (console_log_reader_open(reader->directory, reader->name, &now, err) < 0)
        return -1;
    if (now.current.fd < 0)
        return 0;
    /* What was written to a file before it got another name is read from it. */
    if (reader->current.fd >= 0)
        exchange_files(&reader->former, &reader->current);
    same = is_same(&reader->former, &now.former, err);
    if (same < 0)
        return -1;
    if (same == 0) {
        reader->missed = true;
        exchange_files(&reader->former, &now.former);
    }
    exchange_files(&reader->current, &now.current);
    return 1;
}
