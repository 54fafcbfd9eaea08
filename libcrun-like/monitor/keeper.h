/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that hold a console while nobody, or somebody with `attach`, looks at it. */
#pragma once

#include "state/container.h"

/**
 * run --attachable: forks the keeper, which creates and starts the container as its own child and
 * serves its console from then on. Returns when the program has started; if it is not to run
 * detached, with the connection of a viewer in @ret_connection that has missed nothing, else -1.
 */
int monitor_keeper_run(const struct thole_context *context, const struct thole_run_request *request,
                       int *ret_connection, struct thole_error *err);

/**
 * After the detach keys: forks a keeper for the pty @master of the process @pidfd, which is not its
 * child. With @container it listens for thole_attach(), else it only keeps the pty from hanging up.
 */
int monitor_keeper_take_over(const struct container *container, int master, int pidfd, pid_t pid,
                             struct thole_error *err);
