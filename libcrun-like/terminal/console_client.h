/* SPDX-License-Identifier: Apache-2.0 */
/* The viewer's side of a console kept by terminal_console_serve(). */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "terminal/detach_keys.h"
#include "terminal/recorder.h"

struct terminal_console_view {
    int connection; /* to the keeper */
    int console;    /* number of the one it wants, -1: the first terminal that is free */
    void (*connected)(void *userdata, int console); /* told which one it is; NULL */
    void *userdata;
    int input;           /* typed or piped input, -1: only look on */
    int outputs[2];      /* for the terminal or standard output, and for standard error */
    bool passes_signals; /* they are for the program, and do not end this session */
    struct terminal_detach_keys detach_keys;
    struct terminal_recorder *recorder; /* NULL: none */
    bool detached;                      /* set when the session has ended before the program */
};

/**
 * Shows what was said lately and carries on until the program ends (its status is returned, 0 where
 * the keeper was not told), the detach keys are typed (0), or a signal asks this process to end
 * (error). Raw mode, window size, SIGTSTP and SIGCONT as terminal_relay_run().
 */
int terminal_console_view(struct terminal_console_view *view, struct thole_error *err);
