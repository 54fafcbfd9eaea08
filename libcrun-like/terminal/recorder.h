/* SPDX-License-Identifier: Apache-2.0 */
/* What a pty says, kept in files: raw, and as an asciicast v2 recording. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct terminal_recorder {
    int log;       /* -1: none */
    int record;    /* -1: none */
    int64_t start; /* nanoseconds of CLOCK_MONOTONIC */
    uint16_t rows; /* as last written, 0: the header is not written yet */
    uint16_t columns;
    char partial[4]; /* the beginning of a UTF-8 character whose rest has not come yet */
    size_t partial_length;
    int failure; /* errno of a write that failed: nothing more is written */
};
#define TERMINAL_RECORDER_INIT \
    { .log = -1, .record = -1 }

/**
 * Opens the files, either of which may be NULL: the log to append to (0640), the recording anew
 * (0600). They are opened before anything is started, so that a bad path is an early error.
 */
int terminal_recorder_open(const char *log, const char *record,
                           struct terminal_recorder *ret_recorder, struct thole_error *err);

/** The size of the terminal, at the beginning and whenever it changes. */
void terminal_recorder_size(struct terminal_recorder *recorder, uint16_t rows, uint16_t columns);

void terminal_recorder_output(struct terminal_recorder *recorder, const char *bytes, size_t length);

void terminal_recorder_done(struct terminal_recorder *recorder);
#define cleanup_terminal_recorder __attribute__((cleanup(terminal_recorder_done)))
