/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices of a container: loopback, and host devices moved in. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "plan/plan.h"

/** Brings "lo" of the calling process's network namespace up. */
int network_loopback_up(struct thole_error *err);

/**
 * Moves the devices of linux.netDevices into the network namespace @netns_fd: keeps their permanent
 * global addresses, renames ("%d" templates included), sets them up. A name clash is an error and
 * devices already moved are moved back.
 */
int network_move_devices(const struct plan_net_device *devices, size_t count, int netns_fd,
                         struct thole_error *err);
