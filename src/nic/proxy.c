/* SPDX-License-Identifier: Apache-2.0 */
/* Routes and proxy entries on the host. */
#include "nic/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/neighbour.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "nic/address.h"
#include "nic/netlink.h"

/* ---- sysctls of the host's interfaces ---- */

static void sysctl_path(char *path, size_t size, int family, const char *device, const char *name) {
    (void)snprintf(path, size, "/proc/sys/net/%s/conf/%s/%s", family == AF_INET ? "ipv4" : "ipv6",
                   device, name);
}

static int set_sysctl(int family, const char *device, const char *name, const char *where,
                      struct thole_error *err) {
    char path[128];
    sysctl_path(path, sizeof(path), family, device, name);
    if (file_write_kernel(AT_FDCWD, path, "1", 1) < 0)
        return error_errno(err, where, "write 1 to %s", path);
    return 0;
}

/* The host's own settings are its administrator's: they are asked for, not changed. */
static int need_sysctl(int family, const char *device, const char *name, const char *where,
                       struct thole_error *err) {
    char path[128];
    char value[16];
    sysctl_path(path, sizeof(path), family, device, name);
    if (file_read_kernel(AT_FDCWD, path, value, sizeof(value)) < 0)
        return error_errno(err, where, "read %s", path);
    if (strcmp(value, "0") != 0)
        return 0;
    return error_unsupported(err, where, "needs sysctl net.%s.conf.%s.%s=1",
                             family == AF_INET ? "ipv4" : "ipv6", device, name);
}

/* ---- proxy entries ---- */

static struct rtnl_neigh *build_proxy(int index, int family, const uint8_t *bytes) {
    struct rtnl_neigh *made = nl_made(rtnl_neigh_alloc());
    cleanup_nl_address struct nl_addr *address = nl_made(nl_addr_build(
        family, bytes, family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr)));
    rtnl_neigh_set_family(made, family);
    rtnl_neigh_set_ifindex(made, index);
    rtnl_neigh_set_flags(made, NTF_PROXY);
    (void)rtnl_neigh_set_dst(made, address);
    return made;
}

static int add_proxy(struct nic_side *side, int index, int family, const uint8_t *bytes,
                     const char *where, struct thole_error *err) {
    cleanup_nl_neighbour struct rtnl_neigh *proxy = build_proxy(index, family, bytes);
    int result = rtnl_neigh_add(side->socket, proxy, NLM_F_CREATE);
    return result < 0 ? nic_side_error(side, result, err, where, "add a neighbour proxy") : 0;
}

static int delete_proxy(struct nic_side *side, int index, const struct nic_network_address *address,
                        struct thole_error *err) {
    cleanup_nl_neighbour struct rtnl_neigh *proxy =
        build_proxy(index, address->family, address->bytes);
    int result = rtnl_neigh_delete(side->socket, proxy, 0);
    if (result < 0 && !nic_side_refused(side, result, ENOENT))
        return nic_side_error(side, result, err, address->where, "remove a neighbour proxy");
    return 0;
}

/* ---- a veth that is routed to ---- */

/* For a container with a gateway address the host forwards, and is that gateway whatever it is
 * called. */
static int open_family(const struct nic_interface *interface, int family,
                       const struct nic_network_gateway *gateway, struct thole_error *err) {
    const char *where = interface->network->where[NIC_NETWORK_VETH_MODE];
    const char *peer = interface->peer.name;
    if (gateway->kind != NIC_GATEWAY_ADDRESS)
        return 0;
    if (family == AF_INET6 && (need_sysctl(family, "all", "forwarding", where, err) < 0 ||
                               set_sysctl(family, peer, "proxy_ndp", where, err) < 0))
        return -1;
    if (set_sysctl(family, peer, "forwarding", where, err) < 0)
        return -1;
    return add_proxy(interface->host, interface->peer.index, family, gateway->bytes, where, err);
}

static int add_routes(const struct nic_interface *interface,
                      const struct nic_network_addresses *list, bool alone,
                      struct thole_error *err) {
    for (size_t i = 0; i < list->count; i++) {
        const struct nic_network_address *item = &list->items[i];
        const struct nic_network_address destination = alone ? nic_address_alone(item) : *item;
        if (nic_route_add(interface->host, interface->peer.index, &destination, item->where, err) <
            0)
            return -1;
    }
    return 0;
}

int nic_router_add(const struct nic_interface *interface, struct thole_error *err) {
    const struct nic_network *network = interface->network;
    if (network->router && (open_family(interface, AF_INET, &interface->gateway4, err) < 0 ||
                            open_family(interface, AF_INET6, &interface->gateway6, err) < 0 ||
                            add_routes(interface, &network->addresses, true, err) < 0))
        return -1;
    return add_routes(interface, &network->routes, false, err);
}

/* ---- l2proxy ---- */

/* An ARP request is answered only for what is routed to another interface than it came in by: the
 * address of an ipvlan is routed nowhere else. */
static int route_of_ipvlan(const struct nic_network *network, struct nic_side *host,
                           const struct nic_network_address *address, bool add,
                           struct thole_error *err) {
    struct nic_link_facts loopback;
    const struct nic_network_address alone = nic_address_alone(address);
    if (network->type != NIC_NETWORK_IPVLAN || address->family != AF_INET)
        return 0;
    if (nic_link_find(host, "lo", &loopback, NULL, err) < 0)
        return -1;
    return add ? nic_route_add(host, loopback.index, &alone, address->where, err)
               : nic_route_delete(host, loopback.index, &alone, err);
}

static bool has_address(const struct nic_network *network, int family) {
    for (size_t i = 0; i < network->addresses.count; i++) {
        if (network->addresses.items[i].family == family)
            return true;
    }
    return false;
}

static int check_link_sysctls(const struct nic_network *network, int family,
                              struct thole_error *err) {
    const char *where = network->where[NIC_NETWORK_L2PROXY];
    if (!has_address(network, family))
        return 0;
    if (need_sysctl(family, network->link, "forwarding", where, err) < 0)
        return -1;
    return family == AF_INET6 ? need_sysctl(family, network->link, "proxy_ndp", where, err) : 0;
}

int nic_proxies_add(const struct nic_interface *interface, struct thole_error *err) {
    const struct nic_network *network = interface->network;
    if (!network->l2proxy)
        return 0;
    if (check_link_sysctls(network, AF_INET, err) < 0 ||
        check_link_sysctls(network, AF_INET6, err) < 0)
        return -1;
    for (size_t i = 0; i < network->addresses.count; i++) {
        const struct nic_network_address *address = &network->addresses.items[i];
        if (route_of_ipvlan(network, interface->host, address, true, err) < 0 ||
            add_proxy(interface->host, interface->link.index, address->family, address->bytes,
                      address->where, err) < 0)
            return -1;
    }
    return 0;
}

int nic_proxies_delete(const struct nic_network *network, struct nic_side *host,
                       struct thole_error *err) {
    struct nic_link_facts link;
    if (!network->l2proxy)
        return 0;
    int found = nic_link_look(host, network->link, &link, NULL, err);
    for (size_t i = 0; found > 0 && i < network->addresses.count; i++) {
        const struct nic_network_address *address = &network->addresses.items[i];
        if (delete_proxy(host, link.index, address, err) < 0 ||
            route_of_ipvlan(network, host, address, false, err) < 0)
            return -1;
    }
    return found < 0 ? -1 : 0;
}
