/* SPDX-License-Identifier: Apache-2.0 */
/* What a pty says, kept in files: raw, and as an asciicast v2 recording. */
#include "terminal/recorder.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

enum { DEFAULT_ROWS = 24, DEFAULT_COLUMNS = 80 };

static int open_file(const char *path, int flags, mode_t mode, int *ret_fd,
                     struct thole_error *err) {
    if (path == NULL)
        return 0;
    *ret_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | flags, mode);
    return *ret_fd < 0 ? error_errno(err, NULL, "open %s to record the terminal", path) : 0;
}

int terminal_recorder_open(const char *log, const char *record,
                           struct terminal_recorder *ret_recorder, struct thole_error *err) {
    cleanup_terminal_recorder struct terminal_recorder recorder = TERMINAL_RECORDER_INIT;
    if (open_file(log, O_APPEND, 0640, &recorder.log, err) < 0 ||
        open_file(record, O_TRUNC, 0600, &recorder.record, err) < 0)
        return -1;
    *ret_recorder = recorder;
    recorder = (struct terminal_recorder)TERMINAL_RECORDER_INIT;
    return 0;
}

static void put(struct terminal_recorder *recorder, int fd, const char *bytes, size_t length) {
    if (recorder->failure == 0 && file_write_all(fd, bytes, length) < 0)
        recorder->failure = errno;
}

/* ---- asciicast v2 ---- */

static void put_header(struct terminal_recorder *recorder) {
    cleanup_text struct text line = {0};
    recorder->start = clock_nanoseconds(CLOCK_MONOTONIC);
    text_appendf(&line, "{\"version\": 2, \"width\": %u, \"height\": %u, \"timestamp\": %lld}\n",
                 recorder->columns, recorder->rows,
                 (long long)(clock_nanoseconds(CLOCK_REALTIME) / 1000000000));
    put(recorder, recorder->record, line.data, line.length);
}

static void begin_event(const struct terminal_recorder *recorder, const char *kind,
                        struct text *line) {
    int64_t elapsed = clock_nanoseconds(CLOCK_MONOTONIC) - recorder->start;
    text_appendf(line, "[%lld.%06lld, \"%s\", \"", (long long)(elapsed / 1000000000),
                 (long long)(elapsed % 1000000000 / 1000), kind);
}

static void end_event(struct terminal_recorder *recorder, struct text *line) {
    text_append(line, "\"]\n");
    put(recorder, recorder->record, line->data, line->length);
}

/* Bytes of the UTF-8 character that begins with @first; 0: none does. */
static size_t character_length(unsigned char first) {
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* How many of @length bytes at @bytes are a good beginning of one character of @wanted bytes. */
static size_t good_bytes(const char *bytes, size_t length, size_t wanted) {
    const unsigned char *at = (const unsigned char *)bytes;
    size_t good = 1;
    while (good < length && good < wanted && (at[good] & 0xc0) == 0x80)
        good++;
    if (good < 2)
        return good;
    /* Overlong forms, surrogates, and what lies beyond U+10FFFF. */
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 1;
    return good;
}

static void append_character(struct text *line, const char *bytes, size_t length) {
    const unsigned char first = (unsigned char)bytes[0];
    if (first < 0x20 || first == 0x7f || first == '"' || first == '\\')
        text_appendf(line, "\\u%04x", first);
    else
        text_append_bytes(line, bytes, length);
}

/* Appends whole characters as JSON has them; returns how many bytes at the end are left over. */
static size_t append_characters(struct text *line, const char *bytes, size_t length) {
    size_t at = 0;
    while (at < length) {
        const size_t wanted = character_length((unsigned char)bytes[at]);
        const size_t good = wanted > 0 ? good_bytes(bytes + at, length - at, wanted) : 0;
        if (good == wanted && wanted > 0)
            append_character(line, bytes + at, wanted);
        else if (good > 0 && at + good == length)
            return good;
        else
            text_append(line, "\\ufffd");
        at += good > 0 ? good : 1;
    }
    return 0;
}

static void put_output(struct terminal_recorder *recorder, const char *bytes, size_t length) {
    cleanup_text struct text all = {0};
    cleanup_text struct text line = {0};
    text_append_bytes(&all, recorder->partial, recorder->partial_length);
    text_append_bytes(&all, bytes, length);
    begin_event(recorder, "o", &line);
    const size_t empty = line.length;
    recorder->partial_length = append_characters(&line, all.data, all.length);
    memcpy(recorder->partial, all.data + all.length - recorder->partial_length,
           recorder->partial_length);
    if (line.length > empty)
        end_event(recorder, &line);
}

/* ---- what the relay calls ---- */

void terminal_recorder_size(struct terminal_recorder *recorder, uint16_t rows, uint16_t columns) {
    if (recorder->record < 0 || rows == 0 || columns == 0 ||
        (rows == recorder->rows && columns == recorder->columns))
        return;
    const bool first = recorder->rows == 0;
    recorder->rows = rows;
    recorder->columns = columns;
    if (first) {
        put_header(recorder);
        return;
    }
    cleanup_text struct text line = {0};
    begin_event(recorder, "r", &line);
    text_appendf(&line, "%ux%u", columns, rows);
    end_event(recorder, &line);
}

void terminal_recorder_output(struct terminal_recorder *recorder, const char *bytes,
                              size_t length) {
    if (recorder->log >= 0)
        put(recorder, recorder->log, bytes, length);
    if (recorder->record < 0)
        return;
    if (recorder->rows == 0)
        terminal_recorder_size(recorder, DEFAULT_ROWS, DEFAULT_COLUMNS);
    put_output(recorder, bytes, length);
}

void terminal_recorder_done(struct terminal_recorder *recorder) {
    cleanup_close_fd(&recorder->log);
    cleanup_close_fd(&recorder->record);
    recorder->log = -1;
    recorder->record = -1;
}
