/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container whose processes are gone. */
#ifndef CONTAINER_DELETION_H
#define CONTAINER_DELETION_H

#include "container/state.h"

/** Ends what still runs, removes the cgroup and the state directory, runs the poststop hooks. */
int deletion_finish(const struct thole_context *context, struct container *container,
                    struct thole_error *err);

#endif
