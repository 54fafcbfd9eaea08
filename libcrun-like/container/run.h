/* SPDX-License-Identifier: Apache-2.0 */
/* The second half of `run`, which the keeper of an attachable container shares. */
#ifndef CONTAINER_RUN_H
#define CONTAINER_RUN_H

#include "container/creation.h"

/** Opens the gate on launched.sync, runs the poststart hooks, waits for readiness if detached. */
int run_start(const struct thole_run_request *request, struct creation *creation,
              struct thole_error *err);

#endif
