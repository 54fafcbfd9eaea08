/* SPDX-License-Identifier: Apache-2.0 */
/* A file of bounded size that holds what a console says: as it is, or as lines with their time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum {
    TERMINAL_LOG_PIECE = 4096, /* the longest text of a line in the file */
    TERMINAL_LOG_LEAST = 16384 /* the least size of a log of lines */
};

struct terminal_console_log {
    int directory; /* of the file: names in it are told relative to this */
    int file;      /* -1: there is none */
    char *name;
    uint64_t size; /* bytes it may have, 0: any number */
    bool rotate;
    bool lines; /* each piece of a line has its time and stream: what the reader reads */
    uint64_t length;
    int failure; /* errno of a write that failed; 0: all is written */
};
#define TERMINAL_CONSOLE_LOG_INIT \
    { .directory = -1, .file = -1 }

/**
 * Opens @path (0640) to append to it. When it would grow beyond @size, it begins anew; with @rotate
 * what there was is kept as PATH.1, in the place of what was there before. What is no regular file
 * (a FIFO, /dev/null) has no size.
 */
int terminal_console_log_open(const char *path, uint64_t size, bool rotate,
                              struct terminal_console_log *ret_log, struct thole_error *err);

/**
 * Opens @name (0600, no link) in @directory to append lines to it. A line is what Kubernetes calls
 * CRI logging: "TIME stdout F TEXT", with P for F if the line goes on in the next one. The file and
 * NAME.1 together have at most @size bytes.
 */
int terminal_console_log_keep(int directory, const char *name, uint64_t size,
                              struct terminal_console_log *ret_log, struct thole_error *err);

/** Of standard output (@stream 0) or error (1). A log that cannot be written is no reason to stop:
 * @log remembers why. */
void terminal_console_log_write(struct terminal_console_log *log, int stream, const char *bytes,
                                size_t length);

void terminal_console_log_done(struct terminal_console_log *log);
#define cleanup_terminal_console_log __attribute__((cleanup(terminal_console_log_done)))
