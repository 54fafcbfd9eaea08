/* SPDX-License-Identifier: Apache-2.0 */
/* From the clone of init to its word that it is ready. */
#pragma once

#include "create/prepare.h"

/**
 * Clones init and answers its messages until it is ready; runs the hooks that belong in between.
 * The record with its pid is saved on the way.
 */
int create_dialogue(const struct thole_context *context, const struct thole_create_request *request,
                    struct creation *creation, struct preparation *preparation,
                    struct thole_error *err);

/** Takes @console, the pty master of the container's terminal: for its console socket, or to stay
 * with this process. */
int create_take_console(const struct thole_create_request *request, struct creation *creation,
                        int console, struct thole_error *err);
