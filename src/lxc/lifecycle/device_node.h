/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes that come into a running container and go. */
#pragma once

#include "lxc/store/container.h"

/** Makes what the host has at @source at @target inside, and lets the container use it. */
int lxc_device_node_add(const struct lxc_container *container, const struct thole_state *state,
                        const char *source, const char *target, struct thole_error *err);

/** Removes @target inside, and forbids the device again. */
int lxc_device_node_remove(const struct lxc_container *container, const struct thole_state *state,
                           const char *target, struct thole_error *err);
