/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and routes. */
#pragma once

#include "lxc/network/make.h"

/** Gives the interface inside its addresses. */
int lxc_addresses_add(const struct lxc_interface *interface, struct thole_error *err);

/** Fills in its gateways: "auto" becomes the first address of its link on the host. */
int lxc_gateways_resolve(struct lxc_interface *interface, struct thole_error *err);

/** Its default routes; it is up. */
int lxc_gateways_add(const struct lxc_interface *interface, struct thole_error *err);

/** A route of @side to @destination through the device @index. */
int lxc_route_add(struct lxc_side *side, int index, const struct lxc_network_address *destination,
                  const char *where, struct thole_error *err);

/** Removes it, if it is there. */
int lxc_route_delete(struct lxc_side *side, int index,
                     const struct lxc_network_address *destination, struct thole_error *err);

/** The address itself as the destination of a route: with all its bits. */
struct lxc_network_address lxc_address_alone(const struct lxc_network_address *address);
