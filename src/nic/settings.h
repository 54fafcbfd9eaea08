/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interfaces of a container, in the words of lxc.net.* (lxc.conf(5)): the text of them in its
 * annotation as checked values. Pure: nothing here asks the machine.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

/** Where a container keeps that text. */
#define NIC_NETWORKS_ANNOTATION "org.thole.lxc.net"

enum { NIC_HWADDR_LENGTH = 6, NIC_HWADDR_DIGITS = 2 * NIC_HWADDR_LENGTH, NIC_VLAN_NONE = -1 };

enum nic_network_type {
    NIC_NETWORK_NONE,
    NIC_NETWORK_EMPTY,
    NIC_NETWORK_VETH,
    NIC_NETWORK_MACVLAN,
    NIC_NETWORK_IPVLAN,
    NIC_NETWORK_VLAN,
    NIC_NETWORK_PHYS,
};

/** The settings: errors name the place of the one that asks for what fails. */
enum nic_network_key {
    NIC_NETWORK_TYPE,
    NIC_NETWORK_FLAGS,
    NIC_NETWORK_LINK,
    NIC_NETWORK_NAME,
    NIC_NETWORK_MTU,
    NIC_NETWORK_HWADDR,
    NIC_NETWORK_L2PROXY,
    NIC_NETWORK_GATEWAY4,
    NIC_NETWORK_GATEWAY6,
    NIC_NETWORK_ADDRESS4,
    NIC_NETWORK_ADDRESS6,
    NIC_NETWORK_ROUTE4,
    NIC_NETWORK_ROUTE6,
    NIC_NETWORK_SCRIPT_UP,
    NIC_NETWORK_SCRIPT_DOWN,
    NIC_NETWORK_VETH_PAIR,
    NIC_NETWORK_VETH_MODE,
    NIC_NETWORK_VETH_RXQUEUES,
    NIC_NETWORK_VETH_TXQUEUES,
    NIC_NETWORK_VETH_ROUTE4,
    NIC_NETWORK_VETH_ROUTE6,
    NIC_NETWORK_VETH_VLAN_ID,
    NIC_NETWORK_VETH_TAGGED,
    NIC_NETWORK_VLAN_ID,
    NIC_NETWORK_MACVLAN_MODE,
    NIC_NETWORK_IPVLAN_MODE,
    NIC_NETWORK_IPVLAN_ISOLATION,
    NIC_NETWORK_KEYS, /* how many there are */
};

/** An address with its prefix: of an interface, or the destination of a route. */
struct nic_network_address {
    int family;
    uint8_t bytes[16];
    unsigned prefix;
    bool has_broadcast;
    uint8_t broadcast[4];
    const char *where;
};
struct nic_network_addresses {
    struct nic_network_address *items;
    size_t count;
};

/** A route inside, by way of a gateway. */
struct nic_network_route {
    struct nic_network_address destination;
    uint8_t gateway[16];
    uint32_t metric; /* 0: the kernel's choice */
};
struct nic_network_routes {
    struct nic_network_route *items;
    size_t count;
};

struct nic_network_vlans {
    int64_t *items;
    size_t count;
};

enum nic_gateway_kind {
    NIC_GATEWAY_NONE,
    NIC_GATEWAY_ADDRESS,
    NIC_GATEWAY_AUTO,   /* the first address of the link on the host */
    NIC_GATEWAY_DEVICE, /* a route to the device itself */
};
struct nic_network_gateway {
    enum nic_gateway_kind kind;
    uint8_t bytes[16];
};

struct nic_network_script {
    const char *command; /* words of a shell */
    const char *where;
};
struct nic_network_scripts {
    struct nic_network_script *items;
    size_t count;
};

/** One interface. Strings lie in the arena of struct nic_networks. */
struct nic_network {
    unsigned index;                      /* the N of lxc.net.N */
    const char *where[NIC_NETWORK_KEYS]; /* NULL: not set; of a list, the last one */
    int type;                            /* enum nic_network_type */
    bool up;
    const char *link;   /* NULL: none */
    const char *name;   /* inside; NULL: the first free eth0, eth1 ..., of phys its own */
    int64_t mtu;        /* 0: as the link's */
    const char *hwaddr; /* NIC_HWADDR_DIGITS hexadecimal digits or x for a random one; NULL: any */
    bool l2proxy;
    struct nic_network_routes inner_routes;
    struct nic_network_addresses addresses; /* of both families, in order */
    struct nic_network_gateway gateway4;
    struct nic_network_gateway gateway6;
    struct nic_network_scripts up_scripts;
    struct nic_network_scripts down_scripts;

    const char *pair; /* veth: the host's end, NULL: vethXXXXXX */
    int router;       /* veth: 0 bridge, 1 router */
    int64_t rx_queues;
    int64_t tx_queues;
    struct nic_network_addresses routes; /* veth: on the host, to the container */
    int64_t veth_vlan;                   /* untagged on the bridge, NIC_VLAN_NONE: none at all */
    struct nic_network_vlans tagged;
    int64_t vlan;         /* type vlan */
    int macvlan_mode;     /* MACVLAN_MODE_* */
    int ipvlan_mode;      /* IPVLAN_MODE_* */
    int ipvlan_isolation; /* 0 or IPVLAN_F_* */
};

/** All interfaces of a container, in the order of their indexes. */
struct nic_networks {
    struct arena arena;
    struct nic_network *items;
    size_t count;
    int hook_version; /* lxc.hook.version: how scripts are told what it is about */
};

/**
 * The interfaces of @text: "KEY = VALUE" a line, the items in order, each after "# WHERE", which
 * errors name in its place.
 */
int nic_networks_parse(const char *text, struct nic_networks *ret_networks,
                       struct thole_error *err);

void nic_networks_done(struct nic_networks *networks);
#define cleanup_nic_networks __attribute__((cleanup(nic_networks_done)))

/** "veth" of NIC_NETWORK_VETH. */
const char *nic_network_type_name(int type);

/** True if something has to be made, moved or run for them. */
bool nic_networks_have_work(const struct nic_networks *networks);
