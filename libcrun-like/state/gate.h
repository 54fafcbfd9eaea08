/* SPDX-License-Identifier: Apache-2.0 */
/* The gate: a socket in the state directory at which init waits for `start`. */
#pragma once

#include "base/error.h"
#include "state/container.h"

/** Binds the listening socket that init inherits; only root of the host can connect (mode 0600). */
int gate_listen(const struct container *container, struct thole_error *err);

/** 1 while init waits, or runs the startContainer hooks; 0 once the program runs. */
int gate_is_closed(const struct container *container, struct thole_error *err);

/** Connects to init; kind STATE when the container was started already. */
int gate_connect(const struct container *container, struct thole_error *err);

/** Says start over a connection to init: the gate's, or the sync socket of `run`. */
int gate_open(int connection, struct thole_error *err);

/** Ends an init whose creator was killed before it noted the pid, and waits for that end. */
int gate_end_init(const struct container *container, struct thole_error *err);

/** After gate_open(): from then on nobody else can. */
int gate_mark_opened(const struct container *container, struct thole_error *err);

/** Then: passes the seccomp notify fd of process @pid (init, or one that enters) on if there is
 * one, waits for execve. 0: the program runs. */
int gate_await_program(const struct container *container, pid_t pid, int connection,
                       struct thole_error *err);

/** Takes the opened gate away: nobody has to ask any more whether init is still behind it. */
void gate_remove(const struct container *container);
