/* SPDX-License-Identifier: Apache-2.0 */
/* A relay in a process of its own, and the process it waits for, for tests. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/** Exit codes of the relay process: an error, and the one for a signal that is not forwarded. */
enum { RELAY_FAILED = 250, RELAY_LEFT = 249 };

/** What runs inside, with the pty as its three descriptors. Returns its exit code. */
typedef int payload_function(int control);

struct runner {
    pid_t pid;   /* runs the relay */
    int control; /* the test's end of a socketpair to the payload */
    int inside;  /* the pty's other side, to look at its modes and size */
};

struct caller {
    int input; /* what the relay is given, -1: nothing */
    int output;
    bool signals_only;
    bool keep_signals; /* not forwarded */
    bool raw_inside;   /* no line discipline inside, so that all bytes pass */
    bool subreaper;
    bool no_session; /* the end of a session's leader would hang the pty up for everyone */
};

/** Starts both; fails the test where that is impossible. */
struct runner runner_start(const struct caller *caller, payload_function *payload);

/** Exit code of the relay process. */
int runner_finish(struct runner *runner);

/** Waits for one word from the payload, which says it with payload_tell(). */
void runner_expect(const struct runner *runner, const char *word);
void payload_tell(int control, const char *word);
