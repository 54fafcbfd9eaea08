/* SPDX-License-Identifier: Apache-2.0 */
/* Raw mode of the caller's own terminal, and the way back. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

/** Zero-initialise to use. */
struct terminal_raw_mode {
    int fd;
    bool saved;  /* former is filled in: fd is a terminal */
    bool active; /* the terminal is in raw mode now */
    bool output_processing;
    struct termios former;
    pid_t guard;  /* restores the modes if this process is killed; 0: there is none */
    int lifeline; /* its end is how the guard learns of that */
};

/**
 * Remembers the modes of @fd, if it is a terminal, and makes it raw (cfmakeraw(3)); typed-ahead
 * input is kept. @output_processing keeps OPOST: for a pty inside that leaves line ends alone. A
 * second call, after terminal_raw_mode_leave() or after a stop, makes it raw again. A caller in the
 * background is stopped by SIGTTOU here, as job control has it, unless it blocks that signal.
 * The first call leaves a small process behind that restores the modes if this one is killed in a
 * way that no handler could: by SIGKILL, or by a fault.
 */
void terminal_raw_mode_enter(struct terminal_raw_mode *mode, int fd, bool output_processing);

/** Restores the former modes; never blocks. Can be called any number of times. */
void terminal_raw_mode_leave(struct terminal_raw_mode *mode);

/**
 * Stops this process as SIGTSTP does, which the caller has blocked: its shell gets the terminal
 * back in the former modes. Returns after SIGCONT, in raw mode again if it was.
 */
void terminal_raw_mode_stop(struct terminal_raw_mode *mode);

/** terminal_raw_mode_leave() for good: the guard ends, too. */
void terminal_raw_mode_done(struct terminal_raw_mode *mode);
