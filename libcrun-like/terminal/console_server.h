/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper of a console: holds a pty or pipes, remembers the last output, serves viewers. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct terminal_console {
    int listener;   /* SOCK_SEQPACKET socket that viewers connect to, -1: there are none */
    int master;     /* pty master, or -1: the pipes */
    int input;      /* write end of standard input */
    int outputs[2]; /* read ends of standard output and error */
    int pidfd;      /* the program */
    pid_t pid;
    bool reaps; /* it is a child of this process, and so are its orphans */
};

/**
 * Returns the program's exit status, or 128 + signal; -1: nobody has told it. Runs until the
 * program is gone and all it said is with the viewers; a viewer that takes nothing for a second is
 * left behind and never holds up the program or the end. Nobody watching, the program is never held
 * up. Takes over standard descriptors and signals: for a process of its own.
 */
int terminal_console_serve(const struct terminal_console *console);
