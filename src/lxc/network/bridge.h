/* SPDX-License-Identifier: Apache-2.0 */
/* The host's end of a veth as the port of a bridge, also of an Open vSwitch. */
#pragma once

#include "lxc/network/make.h"

/** Makes interface->peer a port of interface->link, in the VLANs that the settings name. */
int lxc_bridge_attach(const struct lxc_interface *interface, struct thole_error *err);

/** True if ports have to be taken off the bridge: Open vSwitch remembers them. */
bool lxc_bridge_remembers(const struct lxc_link_facts *bridge);

/** Takes the port off an Open vSwitch. */
int lxc_bridge_detach(const struct lxc_network *network, const char *port, struct thole_error *err);
