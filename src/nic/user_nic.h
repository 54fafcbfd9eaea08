/* SPDX-License-Identifier: Apache-2.0 */
/* What an ordinary user gets of a network: a veth on a bridge, by LXC's setuid lxc-user-nic(1),
 * where that is installed and lxc-usernet(5) allows it. */
#pragma once

#include "nic/make.h"

/** An error unless the settings are of the kind that an ordinary user may have here. */
int nic_user_check(const struct nic_network *network, struct thole_error *err);

/** Has the pair made, with @name inside, on the bridge and up on the host. */
int nic_user_make(struct nic_interface *interface, const char *name, struct thole_error *err);
