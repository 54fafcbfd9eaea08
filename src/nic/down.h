/* SPDX-License-Identifier: Apache-2.0 */
/* Undoing a container's network. */
#pragma once

#include "base/error.h"

/** Whose network it is. */
struct nic_network_place {
    const char *records; /* directory of what is known of all networks */
    const char *lxcpath;
    const char *name;
};

/**
 * Runs script.down, deletes the host's ends of veths (if they are still those that were made),
 * takes ports and proxy entries away, and brings devices of the host back under their old names.
 * Without a record there is nothing to do. Goes on after an error, and returns the first one.
 */
int nic_network_down(const struct nic_network_place *place, struct thole_error *err);
