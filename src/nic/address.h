/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and routes. */
#pragma once

#include "nic/make.h"

/** Gives the interface inside its addresses. */
int nic_addresses_add(const struct nic_interface *interface, struct thole_error *err);

/** Fills in its gateways: "auto" becomes the first address of its link on the host. */
int nic_gateways_resolve(struct nic_interface *interface, struct thole_error *err);

/** Its default routes; it is up. */
int nic_gateways_add(const struct nic_interface *interface, struct thole_error *err);

/** Its other routes, by way of gateways; it is up. */
int nic_inner_routes_add(const struct nic_interface *interface, struct thole_error *err);

/** A route of @side to @destination through the device @index. */
int nic_route_add(struct nic_side *side, int index, const struct nic_network_address *destination,
                  const char *where, struct thole_error *err);

/** Removes it, if it is there. */
int nic_route_delete(struct nic_side *side, int index,
                     const struct nic_network_address *destination, struct thole_error *err);

/** The address itself as the destination of a route: with all its bits. */
struct nic_network_address nic_address_alone(const struct nic_network_address *address);
