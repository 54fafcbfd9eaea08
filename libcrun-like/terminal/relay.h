/* SPDX-License-Identifier: Apache-2.0 */
/* Carries bytes, window sizes and signals between the caller and a container in the foreground. */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "terminal/detach_keys.h"
#include "terminal/recorder.h"

/** A descriptor of the caller's to look at meanwhile; readable NULL: none. */
struct terminal_also {
    int fd;
    void (*readable)(void *userdata);
    void *userdata;
};

struct terminal_relay {
    int pidfd;  /* the process waited for */
    pid_t pid;  /* the same, a child of the caller (or of a subreaper that the caller is) */
    int master; /* pty master, or -1: only signals are forwarded */
    int input;  /* read from here to the master, -1: nothing */
    int output; /* and written here */
    bool forward_signals;
    bool shared_terminal; /* the process is on the caller's own one: keys reach it without help */
    struct terminal_detach_keys detach_keys; /* typed on the terminal that @input is */
    struct terminal_recorder *recorder;      /* NULL: none */
    struct terminal_also also;
    bool detached;        /* set when the detach keys were typed: the process goes on */
    bool blocked;         /* by terminal_relay_block() ... */
    sigset_t former_mask; /* ... which noted what it was before */
};

/** Signals are as they were before terminal_relay_block(); does nothing a second time. */
void terminal_relay_done(struct terminal_relay *relay);
#define cleanup_terminal_relay __attribute__((cleanup(terminal_relay_done)))

/** Blocks all signals that are forwarded, before the process is started, so that none is lost. */
int terminal_relay_block(struct terminal_relay *relay, struct thole_error *err);

/**
 * Runs until the process is gone and the pty is drained: raw mode on @input if it is a terminal
 * (restored on every way out), window size now and on SIGWINCH, SIGTSTP and SIGCONT of the caller
 * honoured, every other signal forwarded by pidfd. Never blocks on a slow side; a background job
 * that keeps the pty open delays the return by a bounded time only. Returns the process status as a
 * shell has it: exit code, or 128 + signal; 0 after the detach keys.
 */
int terminal_relay_run(struct terminal_relay *relay, struct thole_error *err);
