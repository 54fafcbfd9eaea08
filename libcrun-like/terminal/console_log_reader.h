/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what terminal_console_log_keep() writes, while it is written and after that. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/** A piece of a line. The texts are the reader's, until it reads on. */
struct console_log_entry {
    const char *time;
    int stream; /* 0 standard output, 1 error */
    const char *bytes;
    size_t length;
    bool ends; /* a line break follows */
};

/** An open file of the log, and how far it is read. */
struct console_log_file {
    int fd; /* -1: there is none */
    off_t position;
    char *buffer;
    size_t start; /* of what is in the buffer and has not been read */
    size_t end;
};

#define CONSOLE_LOG_FILE_INIT \
    { .fd = -1 }

struct console_log_reader {
    int directory; /* borrowed */
    const char *name;
    struct console_log_file former; /* NAME.1 */
    struct console_log_file current;
    bool missed; /* the writer was faster: something in between is gone */
};
#define CONSOLE_LOG_READER_INIT \
    { .directory = -1, .former = CONSOLE_LOG_FILE_INIT, .current = CONSOLE_LOG_FILE_INIT }

/**
 * Opens NAME and NAME.1 in @directory, as they belong together: 1, or 0 if there is no log. Neither
 * may be a link.
 */
int console_log_reader_open(int directory, const char *name, struct console_log_reader *ret_reader,
                            struct thole_error *err);

/** The next piece: 1, or 0 if there is none in these files yet. */
int console_log_reader_next(struct console_log_reader *reader, struct console_log_entry *ret_entry,
                            struct thole_error *err);

/** When there is no next piece: 1 if the writer has begun a new file meanwhile, and reading goes on
 * there; else 0. */
int console_log_reader_advance(struct console_log_reader *reader, struct thole_error *err);

/** The next piece will be the first one once more. */
void console_log_reader_rewind(struct console_log_reader *reader);

void console_log_reader_done(struct console_log_reader *reader);
#define cleanup_console_log_reader __attribute__((cleanup(console_log_reader_done)))
