/* SPDX-License-Identifier: Apache-2.0 */
/* Where the host answers for the container: routes to it, and proxy entries for its neighbours. */
#pragma once

#include "lxc/network/make.h"

/** Router mode of a veth, and veth.ipv4.route and veth.ipv6.route: all of it ends with the veth. */
int lxc_router_add(const struct lxc_interface *interface, struct thole_error *err);

/** lxc.net.N.l2proxy: the link answers for the addresses of the container. */
int lxc_proxies_add(const struct lxc_interface *interface, struct thole_error *err);

/** Removes what lxc_proxies_add() made on @link, which may be gone. */
int lxc_proxies_delete(const struct lxc_network *network, struct lxc_side *host,
                       struct thole_error *err);
