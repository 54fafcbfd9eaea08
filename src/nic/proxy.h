/* SPDX-License-Identifier: Apache-2.0 */
/* Where the host answers for the container: routes to it, and proxy entries for its neighbours. */
#pragma once

#include "nic/make.h"

/** Router mode of a veth, and veth.ipv4.route and veth.ipv6.route: all of it ends with the veth. */
int nic_router_add(const struct nic_interface *interface, struct thole_error *err);

/** lxc.net.N.l2proxy: the link answers for the addresses of the container. */
int nic_proxies_add(const struct nic_interface *interface, struct thole_error *err);

/** Removes what nic_proxies_add() made on @link, which may be gone. */
int nic_proxies_delete(const struct nic_network *network, struct nic_side *host,
                       struct thole_error *err);
