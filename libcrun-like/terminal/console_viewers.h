/* SPDX-License-Identifier: Apache-2.0 */
/* Those who look at consoles, and type. Private to this folder. */
#pragma once

#include "terminal/console.h"

struct console_viewer {
    int fd;
    struct console *console; /* NULL: it has not said yet which one */
    bool greeted;            /* it has; one that was there from the beginning waits for it */
    bool writes;
    uint16_t rows;
    uint16_t columns;
    uint64_t position[2]; /* in the streams */
    int64_t stalled;      /* since when it takes nothing, 0: it does */
};

struct console_viewers {
    struct console *consoles;
    size_t console_count;
    struct console_viewer *items;
    size_t count;
    int pidfd;         /* of the program, -1: none runs */
    bool asks_for_end; /* somebody has sent a signal that ends programs */
};

/** Takes a connection in, if the peer is this user or root. */
void console_viewers_accept(struct console_viewers *viewers, int listener);

/** Takes a viewer of the program's console in that is there from the beginning, and misses nothing.
 */
void console_viewers_add(struct console_viewers *viewers, int fd);

/** What poll(2) is to wait for. */
short console_viewer_events(const struct console_viewer *viewer);
/** Carries messages both ways after poll(2) has found @events; drops a viewer that is gone. */
void console_viewers_serve(struct console_viewers *viewers, size_t index, short events);

/** Sends the program a signal, and remembers that it was one that asks for the end. */
void console_viewers_pass_signal(struct console_viewers *viewers, int number);

/** A new pty gets the size that the windows have. */
void console_viewers_resize(const struct console_viewers *viewers);

/** True while one of them takes nothing. */
bool console_viewers_stall(const struct console_viewers *viewers);
/** How many bytes the slowest is behind that is waited for. */
uint64_t console_viewers_behind(const struct console_viewers *viewers,
                                const struct console *console, int which);
/** True when all have everything, or are not waited for: @patient, also those left behind are. */
bool console_viewers_are_up_to_date(const struct console_viewers *viewers, bool patient);

/** Tells them the end, @status -1: it is not known. */
void console_viewers_say_goodbye(struct console_viewers *viewers, int status);
