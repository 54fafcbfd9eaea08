/* SPDX-License-Identifier: Apache-2.0 */
/* The program's side of one console: a pty or pipes, and the last that came out of it. Private to
 * this folder. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "terminal/console_log.h"
#include "terminal/console_server.h"
#include "terminal/endpoint.h"
#include "terminal/ring.h"

struct console_stream {
    int fd;              /* -1: at its end */
    bool unused;         /* a pty that nobody has open at the moment */
    bool emptied;        /* since the end of the program */
    uint64_t after_exit; /* bytes read since then */
    struct ring ring;
};

struct console {
    struct terminal_console fds;
    int peer;           /* the inner end of a pty that is open at all times, or -1 */
    bool standing;      /* it has such a one: its users come and go */
    bool waiting;       /* for a program */
    struct flow *typed; /* what the program has not taken yet; NULL: nobody has typed */
    struct endpoint input;
    bool end_of_input;
    char last_input;
    struct console_stream streams[2];
    struct terminal_console_log *logs;
    size_t log_count;
    int64_t last_output;
    int64_t exit_time; /* of the program, 0: it runs, or there is none */
};

int console_init(struct console *console, size_t buffer, struct thole_error *err);

/** Takes @fds over as the console of a program that has just been started. */
int console_open(struct console *console, const struct terminal_console *fds,
                 struct thole_error *err);

/** The program has ended: what it said can still be read. */
void console_note_exit(struct console *console);

/** Where a viewer begins that comes now. */
uint64_t console_replay_start(const struct ring *ring);

/** True if a program reads the pty and not a person: line ends are left alone. */
bool console_is_bare(const struct console *console);
void console_resize(const struct console *console, uint16_t rows, uint16_t columns);
/** Programs that draw a whole screen do it again for a terminal of another size. */
void console_ask_for_redraw(const struct console *console);

/** True if @length more bytes can be typed. */
bool console_takes(struct console *console, size_t length);
void console_type(struct console *console, const char *bytes, size_t length);
/** As from a keyboard; a pipe is closed when it has taken what was typed before. */
void console_end_input(struct console *console);
/** Carries what was typed to the program. */
void console_write_input(struct console *console);

/** Reads at most @wanted bytes of a stream. */
void console_read(struct console *console, int which, size_t wanted);
/** After the exit: ends a stream from which no more is to be waited for. */
void console_end_stream(struct console *console, int which);
/** True when both streams are at their end. */
bool console_is_read(const struct console *console);

/** Closes what the program had of it; the last output stays. */
void console_close(struct console *console);
