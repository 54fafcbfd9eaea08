/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper of consoles: holds ptys or pipes, remembers the last output, serves viewers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "terminal/console_log.h"

/** What a program has for a console. */
struct terminal_console {
    int master;     /* pty master, or -1: the pipes */
    int input;      /* write end of standard input */
    int outputs[2]; /* read ends of standard output and error */
};
#define TERMINAL_CONSOLE_INIT                            \
    {                                                    \
        .master = -1, .input = -1, .outputs = { -1, -1 } \
    }

struct terminal_console_setup {
    int listener;  /* SOCK_SEQPACKET socket of the viewers, -1: there are none */
    size_t count;  /* of consoles, at least one: the program's, terminals */
    size_t buffer; /* bytes of each that a viewer sees who comes later */
    struct terminal_console_log *logs; /* of the program's; those that are not open do nothing */
    size_t log_count;
    bool reaps;         /* the program is a child of this process, and so are its orphans */
    bool takes_sigterm; /* it is passed on, and does not end this process */
};

struct terminal_program {
    int pidfd;
    pid_t pid;
};

/** How a program ended, as waitid(2) has it. */
struct terminal_end {
    bool known; /* false: another process was told */
    bool by_signal;
    int number; /* exit code or signal */
};

/** The exit code, or 128 + signal; -1: it is not known. */
int terminal_end_status(const struct terminal_end *end);

struct console_server;

/** For a process of its own: takes over its signals. NULL: @err. */
struct console_server *terminal_console_server_new(const struct terminal_console_setup *setup,
                                                   struct thole_error *err);

/** Takes over, also if it fails, the descriptors of the consoles of a program that has just been
 * started. */
int terminal_console_server_open(struct console_server *server,
                                 const struct terminal_console *consoles,
                                 const struct terminal_program *program, struct thole_error *err);

/** Takes a viewer of the program's console in that misses nothing from the beginning on. */
void terminal_console_server_add(struct console_server *server, int viewer);

/**
 * Serves until the program has ended. Nobody watching, it is never held up; a viewer that takes
 * nothing for a second is left behind.
 */
struct terminal_end terminal_console_server_run(struct console_server *server);

/** After that: until all that it said is read, and closes its consoles. */
void terminal_console_server_drain(struct console_server *server);

/** A program was not started after all: its consoles are closed. */
void terminal_console_server_abandon(struct console_server *server);

/** Serves viewers without a program, until @milliseconds are over or a SIGTERM comes. */
void terminal_console_server_wait(struct console_server *server, int64_t milliseconds);

/** True when a SIGTERM has come, or a viewer has passed on a signal that asks for the end. */
bool terminal_console_server_is_told_to_end(const struct console_server *server);

/** Gives viewers ten seconds to take what there still is, and tells them how it ended. */
void terminal_console_server_close(struct console_server *server, const struct terminal_end *end);
