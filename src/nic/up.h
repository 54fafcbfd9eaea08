/* SPDX-License-Identifier: Apache-2.0 */
/* Making a container's network. */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "nic/down.h"

struct nic_network_call {
    struct nic_network_place place;
    const char *settings; /* as nic_networks_parse() reads them */
    pid_t pid;            /* a process in the container's network namespace */
};

/**
 * Makes the interfaces of the settings, in the order of their numbers, on the host the caller is
 * in and in the namespace of the process. Everything is undone if one of them fails.
 */
int nic_network_up(const struct nic_network_call *call, struct thole_error *err);
