/* SPDX-License-Identifier: Apache-2.0 */
/* The socket in the state directory at which viewers of a console are received. */
#pragma once

#include "state/container.h"

/** Listens for viewers; the socket file is the caller's to remove. */
int monitor_console_listen(const struct container *container, struct thole_error *err);

/** Connects to the console that the keeper of @container serves. */
int monitor_console_connect(const struct container *container, struct thole_error *err);
