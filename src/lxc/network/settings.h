/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lxc.net.*: the items of a configuration, or the text of them in a container's annotation, as
 * checked values. Pure: nothing here asks the machine.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "lxc/config/configuration.h"

/** Where a container keeps the text that lxc_networks_write() made. */
#define LXC_NETWORKS_ANNOTATION "org.thole.lxc.net"

enum { LXC_HWADDR_LENGTH = 6, LXC_HWADDR_DIGITS = 2 * LXC_HWADDR_LENGTH, LXC_VLAN_NONE = -1 };

enum lxc_network_type {
    LXC_NETWORK_NONE,
    LXC_NETWORK_EMPTY,
    LXC_NETWORK_VETH,
    LXC_NETWORK_MACVLAN,
    LXC_NETWORK_IPVLAN,
    LXC_NETWORK_VLAN,
    LXC_NETWORK_PHYS,
};

/** The settings: errors name the place of the one that asks for what fails. */
enum lxc_network_key {
    LXC_NETWORK_TYPE,
    LXC_NETWORK_FLAGS,
    LXC_NETWORK_LINK,
    LXC_NETWORK_NAME,
    LXC_NETWORK_MTU,
    LXC_NETWORK_HWADDR,
    LXC_NETWORK_L2PROXY,
    LXC_NETWORK_GATEWAY4,
    LXC_NETWORK_GATEWAY6,
    LXC_NETWORK_ADDRESS4,
    LXC_NETWORK_ADDRESS6,
    LXC_NETWORK_SCRIPT_UP,
    LXC_NETWORK_SCRIPT_DOWN,
    LXC_NETWORK_VETH_PAIR,
    LXC_NETWORK_VETH_MODE,
    LXC_NETWORK_VETH_RXQUEUES,
    LXC_NETWORK_VETH_TXQUEUES,
    LXC_NETWORK_VETH_ROUTE4,
    LXC_NETWORK_VETH_ROUTE6,
    LXC_NETWORK_VETH_VLAN_ID,
    LXC_NETWORK_VETH_TAGGED,
    LXC_NETWORK_VLAN_ID,
    LXC_NETWORK_MACVLAN_MODE,
    LXC_NETWORK_IPVLAN_MODE,
    LXC_NETWORK_IPVLAN_ISOLATION,
    LXC_NETWORK_KEYS, /* how many there are */
};

/** An address with its prefix: of an interface, or the destination of a route. */
struct lxc_network_address {
    int family;
    uint8_t bytes[16];
    unsigned prefix;
    bool has_broadcast;
    uint8_t broadcast[4];
    const char *where;
};
struct lxc_network_addresses {
    struct lxc_network_address *items;
    size_t count;
};

struct lxc_network_vlans {
    int64_t *items;
    size_t count;
};

enum lxc_gateway_kind {
    LXC_GATEWAY_NONE,
    LXC_GATEWAY_ADDRESS,
    LXC_GATEWAY_AUTO,   /* the first address of the link on the host */
    LXC_GATEWAY_DEVICE, /* a route to the device itself */
};
struct lxc_network_gateway {
    enum lxc_gateway_kind kind;
    uint8_t bytes[16];
};

struct lxc_network_script {
    const char *command; /* words of a shell */
    const char *where;
};
struct lxc_network_scripts {
    struct lxc_network_script *items;
    size_t count;
};

/** One interface. Strings lie in the arena of struct lxc_networks. */
struct lxc_network {
    unsigned index;                      /* the N of lxc.net.N */
    const char *where[LXC_NETWORK_KEYS]; /* NULL: not set; of a list, the last one */
    int type;                            /* enum lxc_network_type */
    bool up;
    const char *link;   /* NULL: none */
    const char *name;   /* inside; NULL: the first free eth0, eth1 ..., of phys its own */
    int64_t mtu;        /* 0: as the link's */
    const char *hwaddr; /* LXC_HWADDR_DIGITS hexadecimal digits or x for a random one; NULL: any */
    bool l2proxy;
    struct lxc_network_addresses addresses; /* of both families, in order */
    struct lxc_network_gateway gateway4;
    struct lxc_network_gateway gateway6;
    struct lxc_network_scripts up_scripts;
    struct lxc_network_scripts down_scripts;

    const char *pair; /* veth: the host's end, NULL: vethXXXXXX */
    int router;       /* veth: 0 bridge, 1 router */
    int64_t rx_queues;
    int64_t tx_queues;
    struct lxc_network_addresses routes; /* veth: on the host, to the container */
    int64_t veth_vlan;                   /* untagged on the bridge, LXC_VLAN_NONE: none at all */
    struct lxc_network_vlans tagged;
    int64_t vlan;         /* type vlan */
    int macvlan_mode;     /* MACVLAN_MODE_* */
    int ipvlan_mode;      /* IPVLAN_MODE_* */
    int ipvlan_isolation; /* 0 or IPVLAN_F_* */
};

/** All interfaces of a container, in the order of their indexes. */
struct lxc_networks {
    struct arena arena;
    struct lxc_network *items;
    size_t count;
    int hook_version; /* lxc.hook.version: how scripts are told what it is about */
};

/** The interfaces of @config. Errors name file, line and key. */
int lxc_networks_read(const struct lxc_configuration *config, struct lxc_networks *ret_networks,
                      struct thole_error *err);

/** The same from a text of lxc_networks_write(). */
int lxc_networks_parse(const char *text, struct lxc_networks *ret_networks,
                       struct thole_error *err);

/** Appends what lxc_networks_parse() reads: "KEY = VALUE" a line, each after "# FILE:LINE: KEY". */
void lxc_networks_write(const struct lxc_configuration *config, struct text *text);

void lxc_networks_done(struct lxc_networks *networks);
#define cleanup_lxc_networks __attribute__((cleanup(lxc_networks_done)))

/** "veth" of LXC_NETWORK_VETH. */
const char *lxc_network_type_name(int type);

/** True if something has to be made, moved or run for them. */
bool lxc_networks_have_work(const struct lxc_networks *networks);
