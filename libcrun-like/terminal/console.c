/* SPDX-License-Identifier: Apache-2.0 */
/* The program's side of one console. */
#include "terminal/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

enum {
    QUIET_MILLISECONDS = 100, /* after the end, see relay.c */
    LINGER_MILLISECONDS = 1000,
    PTY_HOLDS = 131072,
    REDRAW_SEARCH = 4096, /* a replay begins at a line's beginning, if there is one so near */
};

int console_init(struct console *console, size_t buffer, struct thole_error *err) {
    *console = (struct console){.fds = TERMINAL_CONSOLE_INIT,
                                .peer = -1,
                                .input = ENDPOINT_INIT,
                                .last_input = '\n',
                                .streams = {{.fd = -1}, {.fd = -1}}};
    for (int i = 0; i < 2; i++) {
        if (ring_init(&console->streams[i].ring, buffer, err) < 0)
            return -1;
    }
    return 0;
}

int console_open(struct console *console, const struct terminal_console *fds,
                 struct thole_error *err) {
    console->fds = *fds;
    console->exit_time = 0;
    console->waiting = false;
    console->end_of_input = false;
    console->last_input = '\n';
    if (console->typed != NULL)
        console->typed->start = console->typed->end;
    console->input.fd = fds->master >= 0 ? fds->master : fds->input;
    console->streams[0].fd = fds->master >= 0 ? fds->master : fds->outputs[0];
    console->streams[1].fd = fds->master >= 0 ? -1 : fds->outputs[1];
    /* Otherwise every end of a user would have to be looked for, again and again. */
    if (console->standing)
        console->peer = ioctl(fds->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (console->standing && console->peer < 0)
        return error_errno(err, NULL, "open the inner end of a console");
    if (console->input.fd >= 0 && fcntl(console->input.fd, F_SETFL, O_NONBLOCK | O_WRONLY) < 0)
        return error_errno(err, NULL, "prepare a console");
    for (int i = 0; i < 2; i++) {
        struct console_stream *stream = &console->streams[i];
        stream->unused = stream->emptied = false;
        stream->after_exit = 0;
        if (stream->fd >= 0 && fcntl(stream->fd, F_SETFL, O_NONBLOCK) < 0)
            return error_errno(err, NULL, "prepare a console");
    }
    return 0;
}

void console_note_exit(struct console *console) {
    console->exit_time = clock_now();
    console->last_output = console->exit_time;
    cleanup_close_fd(&console->peer);
}

/* ---- its window and its modes ---- */

/* A replay from the middle of a stream would begin in the middle of a line or of a sequence. */
uint64_t console_replay_start(const struct ring *ring) {
    const uint64_t start = ring_start(ring);
    if (start == 0)
        return 0;
    for (uint64_t at = start; at < ring->end && at < start + REDRAW_SEARCH; at++) {
        if (ring->bytes[at % ring->size] == '\n')
            return at + 1;
    }
    return start;
}

bool console_is_bare(const struct console *console) {
    struct termios modes;
    return console->fds.master >= 0 && tcgetattr(console->fds.master, &modes) == 0 &&
           (modes.c_oflag & (tcflag_t)(OPOST | ONLCR)) == OPOST;
}

void console_resize(const struct console *console, uint16_t rows, uint16_t columns) {
    const struct winsize size = {.ws_row = rows, .ws_col = columns};
    if (console->fds.master >= 0 && rows != 0 && columns != 0)
        (void)ioctl(console->fds.master, TIOCSWINSZ, &size);
}

void console_ask_for_redraw(const struct console *console) {
    struct winsize size;
    if (console->fds.master < 0 || ring_start(&console->streams[0].ring) == 0 ||
        ioctl(console->fds.master, TIOCGWINSZ, &size) < 0 || size.ws_row < 2)
        return;
    console_resize(console, size.ws_row - 1, size.ws_col);
    console_resize(console, size.ws_row, size.ws_col);
}

/* ---- what is typed ---- */

bool console_takes(struct console *console, size_t length) {
    if (console->input.fd < 0)
        return false;
    if (console->typed == NULL)
        console->typed = flow_new();
    return console->typed != NULL && flow_room(console->typed) >= length;
}

void console_type(struct console *console, const char *bytes, size_t length) {
    struct flow *flow = console->typed;
    memcpy(flow->bytes + flow->end, bytes, length);
    flow->end += length;
    console->last_input = bytes[length - 1];
}

/* As from a keyboard: see tell_end_of_input() of relay.c. */
void console_end_input(struct console *console) {
    struct termios modes;
    console->end_of_input = true;
    if (console->fds.master < 0 || tcgetattr(console->fds.master, &modes) < 0 ||
        (modes.c_lflag & (tcflag_t)ICANON) == 0 || !console_takes(console, 2))
        return;
    const char end = (char)modes.c_cc[VEOF];
    const size_t times = console->last_input == '\n' ? 1 : 2;
    for (size_t i = 0; i < times; i++)
        console_type(console, &end, 1);
}

void console_write_input(struct console *console) {
    if (console->input.fd >= 0 && flow_pending(console->typed) > 0 &&
        flow_drain(console->typed, &console->input) == ENDPOINT_CLOSED)
        console->typed->start = console->typed->end;
    if (console->end_of_input && console->fds.master < 0 && console->input.fd >= 0 &&
        flow_pending(console->typed) == 0) {
        cleanup_close_fd(&console->fds.input);
        console->input.fd = -1;
    }
}

/* ---- what the program says ---- */

void console_read(struct console *console, int which, size_t wanted) {
    struct console_stream *stream = &console->streams[which];
    const bool exited = console->exit_time != 0;
    char *bytes = NULL;
    size_t room = ring_space(&stream->ring, wanted, &bytes);
    if (room == 0)
        return;
    ssize_t got = read(stream->fd, bytes, room);
    if (got > 0) {
        for (size_t i = 0; i < console->log_count; i++)
            terminal_console_log_write(&console->logs[i], which, bytes, (size_t)got);
        ring_added(&stream->ring, (size_t)got);
        console->last_output = clock_now();
        stream->after_exit += exited ? (uint64_t)got : 0;
        return;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        stream->emptied = exited;
        return;
    }
    /* The end of a pipe; EIO of a pty: nobody has it open, but somebody may open it again. */
    if (console->fds.master < 0 || exited)
        stream->fd = -1;
    else
        stream->unused = true;
}

/* What the program itself wrote has been read: see has_last_words() of relay.c. */
void console_end_stream(struct console *console, int which) {
    struct console_stream *stream = &console->streams[which];
    const int64_t time = clock_now();
    const bool quiet = time - console->last_output >= QUIET_MILLISECONDS;
    const bool lingered = time - console->exit_time >= LINGER_MILLISECONDS;
    if ((stream->emptied && (quiet || lingered)) || (lingered && stream->after_exit >= PTY_HOLDS))
        stream->fd = -1;
}

bool console_is_read(const struct console *console) {
    return console->streams[0].fd < 0 && console->streams[1].fd < 0;
}

void console_close(struct console *console) {
    console->waiting = true;
    console->streams[0].fd = console->streams[1].fd = -1;
    console->input.fd = -1;
    cleanup_close_fd(&console->peer);
    cleanup_close_fd(&console->fds.master);
    cleanup_close_fd(&console->fds.input);
    cleanup_close_fd(&console->fds.outputs[0]);
    cleanup_close_fd(&console->fds.outputs[1]);
}
