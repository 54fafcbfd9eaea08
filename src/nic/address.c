/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses and routes by netlink. */
#include "nic/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "nic/netlink.h"

static size_t length_of(int family) {
    return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

static struct nl_addr *build(int family, const uint8_t *bytes, unsigned prefix) {
    struct nl_addr *made = nl_made(nl_addr_build(family, bytes, length_of(family)));
    nl_addr_set_prefixlen(made, (int)prefix);
    return made;
}

/* ---- addresses ---- */

static int add_address(const struct nic_interface *interface,
                       const struct nic_network_address *wanted, struct thole_error *err) {
    cleanup_nl_ifaddr struct rtnl_addr *address = nl_made(rtnl_addr_alloc());
    cleanup_nl_address struct nl_addr *local = build(wanted->family, wanted->bytes, wanted->prefix);
    rtnl_addr_set_ifindex(address, interface->index);
    (void)rtnl_addr_set_local(address, local);
    if (wanted->has_broadcast) {
        cleanup_nl_address struct nl_addr *broadcast =
            build(AF_INET, wanted->broadcast, 8 * sizeof(struct in_addr));
        (void)rtnl_addr_set_broadcast(address, broadcast);
    }
    int result = rtnl_addr_add(interface->inside->socket, address, NLM_F_CREATE | NLM_F_EXCL);
    if (result < 0)
        return nic_side_error(interface->inside, result, err, wanted->where, "add the address");
    return 0;
}

int nic_addresses_add(const struct nic_interface *interface, struct thole_error *err) {
    const struct nic_network_addresses *list = &interface->network->addresses;
    for (size_t i = 0; i < list->count; i++) {
        if (add_address(interface, &list->items[i], err) < 0)
            return -1;
    }
    return 0;
}

struct nic_network_address nic_address_alone(const struct nic_network_address *address) {
    struct nic_network_address alone = *address;
    alone.prefix = (unsigned)(8 * length_of(address->family));
    return alone;
}

/* ---- routes ---- */

/* To @destination through the device, by way of @gateway if that is not NULL. */
static struct rtnl_route *build_route(int index, int family, struct nl_addr *destination,
                                      struct nl_addr *gateway) {
    struct rtnl_route *route = nl_made(rtnl_route_alloc());
    struct rtnl_nexthop *hop = nl_made(rtnl_route_nh_alloc());
    bool is_link = family == AF_INET && gateway == NULL && nl_addr_get_prefixlen(destination) > 0;
    rtnl_route_set_family(route, (uint8_t)family);
    rtnl_route_set_table(route, RT_TABLE_MAIN);
    rtnl_route_set_protocol(route, RTPROT_BOOT);
    rtnl_route_set_scope(route, is_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
    rtnl_route_set_type(route, RTN_UNICAST);
    (void)rtnl_route_set_dst(route, destination);
    rtnl_route_nh_set_ifindex(hop, index);
    if (gateway != NULL)
        rtnl_route_nh_set_gateway(hop, gateway);
    rtnl_route_add_nexthop(route, hop);
    return route;
}

int nic_route_add(struct nic_side *side, int index, const struct nic_network_address *destination,
                  const char *where, struct thole_error *err) {
    cleanup_nl_address struct nl_addr *to =
        build(destination->family, destination->bytes, destination->prefix);
    cleanup_nl_route struct rtnl_route *route = build_route(index, destination->family, to, NULL);
    int result = rtnl_route_add(side->socket, route, NLM_F_CREATE | NLM_F_EXCL);
    return result < 0 ? nic_side_error(side, result, err, where, "add the route") : 0;
}

int nic_route_delete(struct nic_side *side, int index,
                     const struct nic_network_address *destination, struct thole_error *err) {
    cleanup_nl_address struct nl_addr *to =
        build(destination->family, destination->bytes, destination->prefix);
    cleanup_nl_route struct rtnl_route *route = build_route(index, destination->family, to, NULL);
    int result = rtnl_route_delete(side->socket, route, 0);
    if (result < 0 && !nic_side_refused(side, result, ESRCH))
        return nic_side_error(side, result, err, destination->where, "remove the route");
    return 0;
}

static int add_inner_route(const struct nic_interface *interface,
                           const struct nic_network_route *wanted, struct thole_error *err) {
    const struct nic_network_address *destination = &wanted->destination;
    const int family = destination->family;
    cleanup_nl_address struct nl_addr *to = build(family, destination->bytes, destination->prefix);
    cleanup_nl_address struct nl_addr *by =
        build(family, wanted->gateway, (unsigned)(8 * length_of(family)));
    cleanup_nl_route struct rtnl_route *route = build_route(interface->index, family, to, by);
    if (wanted->metric > 0)
        rtnl_route_set_priority(route, wanted->metric);
    int result = rtnl_route_add(interface->inside->socket, route, NLM_F_CREATE | NLM_F_EXCL);
    return result < 0
               ? nic_side_error(interface->inside, result, err, destination->where, "add the route")
               : 0;
}

int nic_inner_routes_add(const struct nic_interface *interface, struct thole_error *err) {
    const struct nic_network_routes *list = &interface->network->inner_routes;
    for (size_t i = 0; i < list->count; i++) {
        if (add_inner_route(interface, &list->items[i], err) < 0)
            return -1;
    }
    return 0;
}

/* ---- gateways ---- */

/* The first address of the link on the host: of the secondary ones there it is none, and no
 * link-local one. */
static int address_of_link(const struct nic_interface *interface, int family, const char *where,
                           uint8_t *ret_bytes, struct thole_error *err) {
    cleanup_nl_cache struct nl_cache *cache = NULL;
    int result = rtnl_addr_alloc_cache(interface->host->socket, &cache);
    if (result < 0)
        return nic_side_error(interface->host, result, err, where, "list the host's addresses");
    for (struct nl_object *object = nl_cache_get_first(cache); object != NULL;
         object = nl_cache_get_next(object)) {
        struct rtnl_addr *address = (struct rtnl_addr *)object;
        const struct nl_addr *local = rtnl_addr_get_local(address);
        if (rtnl_addr_get_ifindex(address) != interface->link.index || local == NULL ||
            rtnl_addr_get_family(address) != family ||
            rtnl_addr_get_scope(address) == RT_SCOPE_LINK ||
            (family == AF_INET && (rtnl_addr_get_flags(address) & IFA_F_SECONDARY) != 0))
            continue;
        memcpy(ret_bytes, nl_addr_get_binary_addr(local), length_of(family));
        return 0;
    }
    return error_config(err, where, "auto: %s on the host has no %s address", interface->link.name,
                        family == AF_INET ? "IPv4" : "IPv6");
}

static int add_default(const struct nic_interface *interface, int family, const uint8_t *gateway) {
    static const uint8_t any[sizeof(struct in6_addr)];
    cleanup_nl_address struct nl_addr *to = build(family, any, 0);
    cleanup_nl_address struct nl_addr *by =
        gateway != NULL ? build(family, gateway, (unsigned)(8 * length_of(family))) : NULL;
    cleanup_nl_route struct rtnl_route *route = build_route(interface->index, family, to, by);
    return rtnl_route_add(interface->inside->socket, route, NLM_F_CREATE | NLM_F_EXCL);
}

/* A gateway outside of the interface's networks is reached through the device itself. */
static int add_gateway_address(const struct nic_interface *interface, int family,
                               const uint8_t *gateway, const char *where, struct thole_error *err) {
    int result = add_default(interface, family, gateway);
    if (result < 0 && (nic_side_refused(interface->inside, result, ENETUNREACH) ||
                       nic_side_refused(interface->inside, result, EHOSTUNREACH))) {
        struct nic_network_address alone = {.family = family};
        memcpy(alone.bytes, gateway, length_of(family));
        alone = nic_address_alone(&alone);
        if (nic_route_add(interface->inside, interface->index, &alone, where, err) < 0)
            return -1;
        result = add_default(interface, family, gateway);
    }
    if (result < 0)
        return nic_side_error(interface->inside, result, err, where, "add the default route");
    return 0;
}

static int add_gateway(const struct nic_interface *interface, int family,
                       const struct nic_network_gateway *gateway, enum nic_network_key key,
                       struct thole_error *err) {
    const char *where = interface->network->where[key];
    if (gateway->kind == NIC_GATEWAY_NONE)
        return 0;
    if (gateway->kind == NIC_GATEWAY_ADDRESS)
        return add_gateway_address(interface, family, gateway->bytes, where, err);
    int result = add_default(interface, family, NULL);
    if (result < 0)
        return nic_side_error(interface->inside, result, err, where, "add the default route");
    return 0;
}

int nic_gateways_add(const struct nic_interface *interface, struct thole_error *err) {
    if (add_gateway(interface, AF_INET, &interface->gateway4, NIC_NETWORK_GATEWAY4, err) < 0)
        return -1;
    return add_gateway(interface, AF_INET6, &interface->gateway6, NIC_NETWORK_GATEWAY6, err);
}

static int resolve(const struct nic_interface *interface, int family, enum nic_network_key key,
                   struct nic_network_gateway *gateway, struct thole_error *err) {
    if (gateway->kind != NIC_GATEWAY_AUTO)
        return 0;
    gateway->kind = NIC_GATEWAY_ADDRESS;
    return address_of_link(interface, family, interface->network->where[key], gateway->bytes, err);
}

int nic_gateways_resolve(struct nic_interface *interface, struct thole_error *err) {
    interface->gateway4 = interface->network->gateway4;
    interface->gateway6 = interface->network->gateway6;
    if (resolve(interface, AF_INET, NIC_NETWORK_GATEWAY4, &interface->gateway4, err) < 0)
        return -1;
    return resolve(interface, AF_INET6, NIC_NETWORK_GATEWAY6, &interface->gateway6, err);
}
