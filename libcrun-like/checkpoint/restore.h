/* SPDX-License-Identifier: Apache-2.0 */
/* From a bundle and the images of a checkpoint to a running container. */
#pragma once

#include "create/create.h"

/**
 * Makes a container whose processes CRIU restores: as create_build() and create_start() do for
 * others. A failure leaves nothing behind. What comes of its terminal is in @creation as after
 * those.
 */
int checkpoint_restore(const struct thole_context *context,
                       const struct thole_restore_request *request, struct creation *creation,
                       struct thole_error *err);
