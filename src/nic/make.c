/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces are born where they belong: the kernel makes them in the container's namespace under
 * the name they have there, so that nothing of them can clash on the host.
 */
#include "nic/make.h"

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <netlink/route/link/ipvlan.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/link/vlan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "nic/netlink.h"
#include "nic/user_nic.h"

enum { PAIR_NAMES_TRIED = 16 };

static const char *where_type(const struct nic_interface *interface) {
    return interface->network->where[NIC_NETWORK_TYPE];
}

/* The name it gets inside. */
static int choose_name(const struct nic_interface *interface, char name[IFNAMSIZ],
                       struct thole_error *err) {
    const struct nic_network *network = interface->network;
    struct nic_link_facts facts;
    if (network->name == NULL)
        return nic_link_free_name(interface->inside, name, err);
    (void)snprintf(name, IFNAMSIZ, "%s", network->name);
    int found = nic_link_look(interface->inside, name, &facts, NULL, err);
    if (found > 0)
        return error_config(err, network->where[NIC_NETWORK_NAME],
                            "the container has an interface %s already", name);
    return found;
}

/* Sends the order to make @link, which is to lie inside. */
static int add(struct nic_interface *interface, struct rtnl_link *link, const char *name,
               struct thole_error *err) {
    struct nic_link_facts facts;
    rtnl_link_set_name(link, name);
    rtnl_link_set_link(link, interface->link.index);
    rtnl_link_set_ns_fd(link, interface->inside->namespace_fd);
    int result = rtnl_link_add(interface->host->socket, link, NLM_F_CREATE | NLM_F_EXCL);
    if (result < 0)
        return nic_side_error(interface->host, result, err, where_type(interface),
                              "make %s %s of %s", nic_network_type_name(interface->network->type),
                              name, interface->link.name);
    if (nic_link_find(interface->inside, name, &facts, where_type(interface), err) < 0)
        return -1;
    interface->index = facts.index;
    return 0;
}

/* ---- what hangs on a link of the host ---- */

static int make_macvlan(struct nic_interface *interface, const char *name,
                        struct thole_error *err) {
    cleanup_nl_link struct rtnl_link *link = nl_made(rtnl_link_macvlan_alloc());
    (void)rtnl_link_macvlan_set_mode(link, (uint32_t)interface->network->macvlan_mode);
    return add(interface, link, name, err);
}

/* libnl has no word for the isolation of an ipvlan. */
static int set_isolation(const struct nic_interface *interface, struct thole_error *err) {
    const struct nic_network *network = interface->network;
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = interface->index};
    struct nl_msg *message = nl_made(nlmsg_alloc_simple(RTM_NEWLINK, 0));
    if (nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0)
        abort();
    struct nlattr *info = nl_made(nla_nest_start(message, IFLA_LINKINFO));
    if (nla_put_string(message, IFLA_INFO_KIND, "ipvlan") < 0)
        abort();
    struct nlattr *data = nl_made(nla_nest_start(message, IFLA_INFO_DATA));
    if (nla_put_u16(message, IFLA_IPVLAN_FLAGS, (uint16_t)network->ipvlan_isolation) < 0)
        abort();
    nla_nest_end(message, data);
    nla_nest_end(message, info);
    int result = nl_send_sync(interface->inside->socket, message);
    if (result < 0)
        return nic_side_error(interface->inside, result, err,
                              network->where[NIC_NETWORK_IPVLAN_ISOLATION], "isolate the ipvlan");
    return 0;
}

static int make_ipvlan(struct nic_interface *interface, const char *name, struct thole_error *err) {
    cleanup_nl_link struct rtnl_link *link = nl_made(rtnl_link_ipvlan_alloc());
    (void)rtnl_link_ipvlan_set_mode(link, (uint16_t)interface->network->ipvlan_mode);
    if (add(interface, link, name, err) < 0)
        return -1;
    return interface->network->ipvlan_isolation != 0 ? set_isolation(interface, err) : 0;
}

static int make_vlan(struct nic_interface *interface, const char *name, struct thole_error *err) {
    cleanup_nl_link struct rtnl_link *link = nl_made(rtnl_link_vlan_alloc());
    (void)rtnl_link_vlan_set_id(link, (uint16_t)interface->network->vlan);
    return add(interface, link, name, err);
}

/* ---- veth ---- */

static void random_pair_name(char name[IFNAMSIZ]) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    uint8_t random[6] = {0};
    (void)!getrandom(random, sizeof(random), 0);
    char *at = name + snprintf(name, IFNAMSIZ, "veth");
    for (size_t i = 0; i < sizeof(random); i++)
        *at++ = letters[random[i] % (sizeof(letters) - 1)];
    *at = '\0';
}

static void set_queues(const struct nic_network *network, struct rtnl_link *outside,
                       struct rtnl_link *inside) {
    if (network->rx_queues > 0) {
        rtnl_link_set_num_rx_queues(inside, (uint32_t)network->rx_queues);
        rtnl_link_set_num_tx_queues(outside, (uint32_t)network->rx_queues);
    }
    if (network->tx_queues > 0) {
        rtnl_link_set_num_tx_queues(inside, (uint32_t)network->tx_queues);
        rtnl_link_set_num_rx_queues(outside, (uint32_t)network->tx_queues);
    }
}

/* A high address of its own, so that a bridge does not take it for its own. */
static void set_private_hwaddr(struct rtnl_link *outside) {
    uint8_t hwaddr[NIC_HWADDR_LENGTH];
    (void)!getrandom(hwaddr, sizeof(hwaddr), 0);
    hwaddr[0] = 0xfe;
    cleanup_nl_address struct nl_addr *address =
        nl_made(nl_addr_build(AF_LLC, hwaddr, sizeof(hwaddr)));
    rtnl_link_set_addr(outside, address);
}

static int add_pair(struct nic_interface *interface, const char *pair, const char *name) {
    cleanup_nl_link struct rtnl_link *outside = nl_made(rtnl_link_veth_alloc());
    cleanup_nl_link struct rtnl_link *inside = nl_made(rtnl_link_veth_get_peer(outside));
    rtnl_link_set_name(outside, pair);
    rtnl_link_set_name(inside, name);
    rtnl_link_set_ns_fd(inside, interface->inside->namespace_fd);
    set_queues(interface->network, outside, inside);
    set_private_hwaddr(outside);
    return rtnl_link_add(interface->host->socket, outside, NLM_F_CREATE | NLM_F_EXCL);
}

static int make_pair(struct nic_interface *interface, const char *name, struct thole_error *err) {
    const struct nic_network *network = interface->network;
    struct nic_link_facts facts;
    char pair[IFNAMSIZ];
    int result = 0;
    for (int tries = 0; tries < PAIR_NAMES_TRIED; tries++) {
        if (network->pair != NULL)
            (void)snprintf(pair, sizeof(pair), "%s", network->pair);
        else
            random_pair_name(pair);
        result = add_pair(interface, pair, name);
        if (result >= 0 || network->pair != NULL || interface->host->code != EEXIST)
            break;
    }
    const char *where =
        network->pair != NULL ? network->where[NIC_NETWORK_VETH_PAIR] : where_type(interface);
    if (result < 0)
        return nic_side_error(interface->host, result, err, where, "make the veth pair %s and %s",
                              pair, name);
    if (nic_link_find(interface->host, pair, &interface->peer, where, err) < 0 ||
        nic_link_find(interface->inside, name, &facts, where, err) < 0)
        return -1;
    interface->index = facts.index;
    return 0;
}

/* ---- all ---- */

int nic_interface_make(struct nic_interface *interface, struct thole_error *err) {
    static int (*const makers[])(struct nic_interface *, const char *, struct thole_error *) = {
        [NIC_NETWORK_VETH] = make_pair,     [NIC_NETWORK_MACVLAN] = make_macvlan,
        [NIC_NETWORK_IPVLAN] = make_ipvlan, [NIC_NETWORK_VLAN] = make_vlan,
        [NIC_NETWORK_PHYS] = NULL,
    };
    const struct nic_network *network = interface->network;
    char name[IFNAMSIZ];
    if (network->link != NULL && nic_link_find(interface->host, network->link, &interface->link,
                                               network->where[NIC_NETWORK_LINK], err) < 0)
        return -1;
    if (makers[network->type] == NULL)
        return 0;
    if (choose_name(interface, name, err) < 0)
        return -1;
    if (geteuid() != 0)
        return nic_user_make(interface, name, err);
    return makers[network->type](interface, name, err);
}

int nic_interface_move_in(struct nic_interface *interface, struct thole_error *err) {
    const struct nic_network *network = interface->network;
    const char *name = network->name != NULL ? network->name : network->link;
    int index = nic_link_move(interface->host, &interface->link, interface->inside, name,
                              network->where[NIC_NETWORK_LINK], err);
    interface->index = index > 0 ? index : 0;
    return index;
}
