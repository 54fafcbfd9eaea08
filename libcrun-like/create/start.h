/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of `run`, which the keeper of an attachable container shares. */
#pragma once

#include "create/create.h"

/** Lets other commands have the container, opens the gate, runs the poststart hooks, waits for
 * readiness if detached. */
int create_start(const struct thole_run_request *request, struct creation *creation,
                 struct thole_error *err);
