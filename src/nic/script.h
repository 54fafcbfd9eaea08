/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.net.N.script.up and script.down. */
#pragma once

#include "nic/settings.h"

/** What a script is told besides its interface. */
struct nic_script_call {
    const char *name; /* of the container */
    int hook_version;
    bool up;
};

/**
 * Runs the scripts of @network one after the other. @peer is the host's end of a veth, or "".
 * Version 0: "NAME net up TYPE [LINK [PEER]]"; version 1: "TYPE [LINK [PEER]]", and the same in
 * LXC_HOOK_TYPE, LXC_HOOK_SECTION, LXC_NET_TYPE, LXC_NET_PARENT and LXC_NET_PEER.
 */
int nic_scripts_run(const struct nic_network *network, const struct nic_script_call *call,
                    const char *peer, struct thole_error *err);
