/* SPDX-License-Identifier: Apache-2.0 */
/* The host's end of a veth as the port of a bridge, also of an Open vSwitch. */
#pragma once

#include "nic/make.h"

/** Makes interface->peer a port of interface->link, in the VLANs that the settings name. */
int nic_bridge_attach(const struct nic_interface *interface, struct thole_error *err);

/** True if ports have to be taken off the bridge: Open vSwitch remembers them. */
bool nic_bridge_remembers(const struct nic_link_facts *bridge);

/** Takes the port off an Open vSwitch. */
int nic_bridge_detach(const struct nic_network *network, const char *port, struct thole_error *err);
