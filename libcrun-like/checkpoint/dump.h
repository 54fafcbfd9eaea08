/* SPDX-License-Identifier: Apache-2.0 */
/* From a running container to its images. */
#pragma once

#include "state/container.h"
#include "thole.h"

/**
 * Has CRIU write the processes of @container, which runs, to disk. The container itself is not
 * changed: unless it is to go on, its processes are gone.
 */
int checkpoint_dump(const struct thole_context *context, struct container *container,
                    const struct thole_checkpoint_request *request, struct thole_error *err);
