/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between the runtime and the processes it starts, over a SOCK_SEQPACKET pair. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/**
 * Every message that exists. docs/architecture.md tells who sends what when; a message out of turn
 * is a bug error, and end of file means that the peer is gone (or has become the payload).
 */
enum wire_kind {
    WIRE_ERROR = 1,       /* init -> runtime: struct thole_error; the sender exits */
    WIRE_CHILD_PID,       /* stage -> runtime, one fd: pidfd of init; without: pid of exec's */
    WIRE_IDS_MAPPED,      /* runtime -> init: user namespace maps are written */
    WIRE_REQUEST_SOURCE,  /* init -> runtime: number of a mount, whose source it may not open */
    WIRE_REQUEST_DEVICES, /* init -> runtime: the nodes that it may not make */
    WIRE_SOURCE,          /* runtime -> init, one fd: a detached tree; none: init has to try */
    WIRE_REQUEST_HOOKS,   /* init -> runtime: mounts are in place, run prestart and createRuntime */
    WIRE_HOOKS_DONE,      /* runtime -> init */
    WIRE_CONSOLE,         /* init -> runtime, one fd: pty master */
    WIRE_CONSOLE_KEPT,    /* runtime -> init: the console has its owner */
    WIRE_TERMINAL,        /* init -> runtime, one fd: pty master of the next terminal */
    WIRE_SECCOMP,         /* init -> runtime, one fd: seccomp notify fd */
    WIRE_SECCOMP_KEPT,    /* runtime -> init */
    WIRE_READY,           /* init -> runtime: everything up to execve is done */
    WIRE_START,           /* start -> init, over the gate: go on */
    WIRE_SOCKET,          /* a process in other namespaces -> its parent, one fd: a socket there */
    WIRE_DIRECTORY,       /* CRIU's process -> runtime, one fd: a directory of its own mounts */
    WIRE_END,             /* delete -> init, over the gate: its creator was killed, exit */
};

enum { WIRE_PAYLOAD_MAX = sizeof(struct thole_error), WIRE_FDS_MAX = 4 };

struct wire_message {
    uint32_t kind;
    uint32_t length; /* bytes of payload in use */
    int fds[WIRE_FDS_MAX];
    uint32_t fd_count;
    union {
        struct thole_error error;
        int64_t number;
    } payload;
};

/** A connected pair, both ends close-on-exec. */
int wire_pair(int ret_fds[2], struct thole_error *err);

int wire_send(int fd, enum wire_kind kind, const void *payload, size_t length, int attached_fd,
              struct thole_error *err);

/** Sends @failure as WIRE_ERROR; a peer that is gone is ignored, the sender exits anyway. */
void wire_send_error(int fd, const struct thole_error *failure);

/**
 * Receives one message; attached fds are close-on-exec and owned by the caller, but closed with an
 * error. Returns 1, 0 at end
 * of file (errno ECONNRESET: the peer has left something unread), -1 on error. A WIRE_ERROR from
 * the peer is returned as this call's own error.
 */
int wire_receive(int fd, struct wire_message *message, struct thole_error *err);

/** wire_receive() that accepts only @kind. End of file is an error saying what @peer was doing. */
int wire_expect(int fd, enum wire_kind kind, struct wire_message *message, const char *peer,
                struct thole_error *err);
