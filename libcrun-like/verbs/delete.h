/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container whose processes are gone. */
#ifndef VERBS_DELETE_H
#define VERBS_DELETE_H

#include "state/container.h"

/** Ends what still runs, removes the cgroup and the state directory, runs the poststop hooks. */
int delete_finish(const struct thole_context *context, struct container *container,
                  struct thole_error *err);

#endif
