/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table that is drawn again and again on a terminal, until somebody types "q". The dozen escape
 * sequences that it takes are those of every terminal since the VT100: ncurses would make the
 * static program a fifth larger, and be one more library to have.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "base/error.h"
#include "base/text.h"

struct screen {
    struct termios modes; /* as they were */
    int signals;          /* signalfd */
};

/** True if standard input and output are terminals. */
bool screen_is_there(void);

/**
 * Takes the terminal of standard input and output, and the signals that end or stop a program.
 * Kind UNSUPPORTED if there is none, or one that does not know escape sequences (TERM).
 */
int screen_open(struct screen *screen, struct thole_error *err);

/** How many lines can be drawn. */
size_t screen_room(void);

/**
 * Draws @table, lines that end with line breaks, as far as there is room; the first @heading lines
 * stand out. Nothing in it may be an escape sequence.
 */
void screen_draw(const char *table, size_t heading);

/**
 * Waits for a key, @milliseconds at most. 0: the time is up, or the screen has to be drawn again;
 * 'q': somebody wants the end, by a key, a signal, or by hanging up.
 */
int screen_key(struct screen *screen, int milliseconds);

/** Puts everything back. */
void screen_close(struct screen *screen);
