/* SPDX-License-Identifier: Apache-2.0 */
/* The table of lxc.net.N.*, and the engine that reads items with it. */
#include "nic/settings.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <linux/if_link.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "nic/values.h"

static const char key_prefix[] = "lxc.net.";
static const char key_version[] = "lxc.hook.version";

static const struct name_value types[] = {
    {"none", NIC_NETWORK_NONE},     {"empty", NIC_NETWORK_EMPTY},
    {"veth", NIC_NETWORK_VETH},     {"macvlan", NIC_NETWORK_MACVLAN},
    {"ipvlan", NIC_NETWORK_IPVLAN}, {"vlan", NIC_NETWORK_VLAN},
    {"phys", NIC_NETWORK_PHYS},     {0},
};
static const struct name_value veth_modes[] = {{"bridge", 0}, {"router", 1}, {0}};
static const struct name_value macvlan_modes[] = {
    {"private", MACVLAN_MODE_PRIVATE},
    {"vepa", MACVLAN_MODE_VEPA},
    {"bridge", MACVLAN_MODE_BRIDGE},
    {"passthru", MACVLAN_MODE_PASSTHRU},
    {0},
};
static const struct name_value ipvlan_modes[] = {
    {"l3", IPVLAN_MODE_L3}, {"l3s", IPVLAN_MODE_L3S}, {"l2", IPVLAN_MODE_L2}, {0}};
static const struct name_value ipvlan_isolations[] = {
    {"bridge", 0}, {"private", IPVLAN_F_PRIVATE}, {"vepa", IPVLAN_F_VEPA}, {0}};

/* ---- the table ---- */

/* One item, and what it belongs to. */
struct reading {
    struct nic_networks *networks;
    struct nic_network *network;
    const char *value;
    const char *where;
};

struct row {
    const char *name;
    int key;  /* enum nic_network_key */
    int only; /* the type it is for, ANY_TYPE */
    size_t offset;
    int (*read)(const struct reading *reading, const struct row *row, struct thole_error *err);
    const struct name_value *words;
    int64_t maximum;
    int family;
};

enum { ANY_TYPE = -1, VLAN_ID_MAX = 4094, QUEUES_MAX = 4096 };

#define MEMBER_OF(reading, row) ((void *)((char *)(reading)->network + (row)->offset))

static int read_flags(const struct reading *reading, const struct row *row,
                      struct thole_error *err) {
    (void)err;
    *(bool *)MEMBER_OF(reading, row) = true; /* LXC takes any word for "up" */
    return 0;
}

static int read_bool(const struct reading *reading, const struct row *row,
                     struct thole_error *err) {
    return nic_value_bool(reading->value, MEMBER_OF(reading, row), reading->where, err);
}

static int read_device(const struct reading *reading, const struct row *row,
                       struct thole_error *err) {
    if (nic_value_device(reading->value, reading->where, err) < 0)
        return -1;
    *(const char **)MEMBER_OF(reading, row) =
        arena_strdup(&reading->networks->arena, reading->value);
    return 0;
}

static int read_word(const struct reading *reading, const struct row *row,
                     struct thole_error *err) {
    return nic_value_word(reading->value, row->words, MEMBER_OF(reading, row), reading->where, err);
}

static int read_number(const struct reading *reading, const struct row *row,
                       struct thole_error *err) {
    return nic_value_number(reading->value, 1, row->maximum, MEMBER_OF(reading, row),
                            reading->where, err);
}

static int read_vlan(const struct reading *reading, const struct row *row,
                     struct thole_error *err) {
    return nic_value_number(reading->value, 0, VLAN_ID_MAX, MEMBER_OF(reading, row), reading->where,
                            err);
}

static int read_port_vlan(const struct reading *reading, const struct row *row,
                          struct thole_error *err) {
    if (strcmp(reading->value, "none") != 0)
        return read_vlan(reading, row, err);
    *(int64_t *)MEMBER_OF(reading, row) = NIC_VLAN_NONE;
    return 0;
}

static int read_hwaddr(const struct reading *reading, const struct row *row,
                       struct thole_error *err) {
    char *digits = arena_alloc(&reading->networks->arena, NIC_HWADDR_DIGITS + 1);
    *(const char **)MEMBER_OF(reading, row) = digits;
    return nic_value_hwaddr(reading->value, digits, reading->where, err);
}

static int read_gateway(const struct reading *reading, const struct row *row,
                        struct thole_error *err) {
    return nic_value_gateway(reading->value, row->family, MEMBER_OF(reading, row), reading->where,
                             err);
}

/* ---- lists ---- */

/* @count + 1 elements, the last one zeroed. */
static void *grown(const struct reading *reading, const void *items, size_t count, size_t size) {
    void *copy = arena_array(&reading->networks->arena, count + 1, size);
    if (count > 0)
        memcpy(copy, items, count * size);
    return copy;
}

#define ADD(reading, list)                                                                 \
    ((list)->items = grown(reading, (list)->items, (list)->count, sizeof(*(list)->items)), \
     &(list)->items[(list)->count++])

static int add_address(const struct reading *reading, const struct row *row,
                       struct thole_error *err) {
    struct nic_network_addresses *list = MEMBER_OF(reading, row);
    struct nic_network_address *made = ADD(reading, list);
    made->where = reading->where;
    return nic_value_address(reading->value, row->family, made, reading->where, err);
}

static int add_route(const struct reading *reading, const struct row *row,
                     struct thole_error *err) {
    if (strchr(reading->value, '/') == NULL)
        return error_config(err, reading->where, "\"%s\" is not NETWORK/PREFIX", reading->value);
    return add_address(reading, row, err);
}

static int add_inner_route(const struct reading *reading, const struct row *row,
                           struct thole_error *err) {
    struct nic_network_routes *list = MEMBER_OF(reading, row);
    struct nic_network_route *made = ADD(reading, list);
    made->destination.where = reading->where;
    return nic_value_route(reading->value, row->family, made, reading->where, err);
}

static int add_script(const struct reading *reading, const struct row *row,
                      struct thole_error *err) {
    struct nic_network_scripts *list = MEMBER_OF(reading, row);
    (void)err;
    *ADD(reading, list) = (struct nic_network_script){
        .command = arena_strdup(&reading->networks->arena, reading->value),
        .where = reading->where,
    };
    return 0;
}

static int add_tagged(const struct reading *reading, const struct row *row,
                      struct thole_error *err) {
    struct nic_network_vlans *list = MEMBER_OF(reading, row);
    return nic_value_number(reading->value, 0, VLAN_ID_MAX, ADD(reading, list), reading->where,
                            err);
}

#define AT(member) offsetof(struct nic_network, member)
#define ROW(name, key, only, member, ...) \
    { name, key, only, AT(member), __VA_ARGS__ }

static const struct row rows[] = {
    ROW("type", NIC_NETWORK_TYPE, ANY_TYPE, type, read_word, .words = types),
    ROW("flags", NIC_NETWORK_FLAGS, ANY_TYPE, up, read_flags),
    ROW("link", NIC_NETWORK_LINK, ANY_TYPE, link, read_device),
    ROW("name", NIC_NETWORK_NAME, ANY_TYPE, name, read_device),
    ROW("mtu", NIC_NETWORK_MTU, ANY_TYPE, mtu, read_number, .maximum = INT32_MAX),
    ROW("hwaddr", NIC_NETWORK_HWADDR, ANY_TYPE, hwaddr, read_hwaddr),
    ROW("l2proxy", NIC_NETWORK_L2PROXY, ANY_TYPE, l2proxy, read_bool),
    ROW("ipv4.address", NIC_NETWORK_ADDRESS4, ANY_TYPE, addresses, add_address, .family = AF_INET),
    ROW("ipv6.address", NIC_NETWORK_ADDRESS6, ANY_TYPE, addresses, add_address, .family = AF_INET6),
    /* Not of lxc.conf(5): other routes than the default one. */
    ROW("ipv4.route", NIC_NETWORK_ROUTE4, ANY_TYPE, inner_routes, add_inner_route,
        .family = AF_INET),
    ROW("ipv6.route", NIC_NETWORK_ROUTE6, ANY_TYPE, inner_routes, add_inner_route,
        .family = AF_INET6),
    ROW("ipv4.gateway", NIC_NETWORK_GATEWAY4, ANY_TYPE, gateway4, read_gateway, .family = AF_INET),
    ROW("ipv6.gateway", NIC_NETWORK_GATEWAY6, ANY_TYPE, gateway6, read_gateway, .family = AF_INET6),
    ROW("script.up", NIC_NETWORK_SCRIPT_UP, ANY_TYPE, up_scripts, add_script),
    ROW("script.down", NIC_NETWORK_SCRIPT_DOWN, ANY_TYPE, down_scripts, add_script),
    ROW("veth.pair", NIC_NETWORK_VETH_PAIR, NIC_NETWORK_VETH, pair, read_device),
    ROW("veth.mode", NIC_NETWORK_VETH_MODE, NIC_NETWORK_VETH, router, read_word,
        .words = veth_modes),
    ROW("veth.n_rxqueues", NIC_NETWORK_VETH_RXQUEUES, NIC_NETWORK_VETH, rx_queues, read_number,
        .maximum = QUEUES_MAX),
    ROW("veth.n_txqueues", NIC_NETWORK_VETH_TXQUEUES, NIC_NETWORK_VETH, tx_queues, read_number,
        .maximum = QUEUES_MAX),
    ROW("veth.ipv4.route", NIC_NETWORK_VETH_ROUTE4, NIC_NETWORK_VETH, routes, add_route,
        .family = AF_INET),
    ROW("veth.ipv6.route", NIC_NETWORK_VETH_ROUTE6, NIC_NETWORK_VETH, routes, add_route,
        .family = AF_INET6),
    ROW("veth.vlan.id", NIC_NETWORK_VETH_VLAN_ID, NIC_NETWORK_VETH, veth_vlan, read_port_vlan),
    ROW("veth.vlan.tagged.id", NIC_NETWORK_VETH_TAGGED, NIC_NETWORK_VETH, tagged, add_tagged),
    ROW("vlan.id", NIC_NETWORK_VLAN_ID, NIC_NETWORK_VLAN, vlan, read_vlan),
    ROW("macvlan.mode", NIC_NETWORK_MACVLAN_MODE, NIC_NETWORK_MACVLAN, macvlan_mode, read_word,
        .words = macvlan_modes),
    ROW("ipvlan.mode", NIC_NETWORK_IPVLAN_MODE, NIC_NETWORK_IPVLAN, ipvlan_mode, read_word,
        .words = ipvlan_modes),
    ROW("ipvlan.isolation", NIC_NETWORK_IPVLAN_ISOLATION, NIC_NETWORK_IPVLAN, ipvlan_isolation,
        read_word, .words = ipvlan_isolations),
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* ---- the engine ---- */

const char *nic_network_type_name(int type) {
    return types[type].name;
}

/* "lxc.net.3.veth.pair" -> 3 and "veth.pair". */
static const char *split_name(const char *name, unsigned *ret_index) {
    uint64_t index = 0;
    const char *at = name + strlen(key_prefix);
    if (!text_starts_with(name, key_prefix) || !isdigit((unsigned char)*at))
        return NULL;
    for (; isdigit((unsigned char)*at); at++) {
        index = index * 10 + (unsigned)(*at - '0');
        if (index > INT32_MAX)
            return NULL;
    }
    *ret_index = (unsigned)index;
    return *at == '.' ? at + 1 : NULL;
}

/* The interface with this number, in the list that is kept in their order. */
static struct nic_network *network_of(struct nic_networks *networks, unsigned index) {
    size_t at = 0;
    while (at < networks->count && networks->items[at].index < index)
        at++;
    if (at < networks->count && networks->items[at].index == index)
        return &networks->items[at];
    struct nic_network *grown =
        arena_new_array(&networks->arena, networks->count + 1, struct nic_network);
    if (networks->count > 0) {
        memcpy(grown, networks->items, at * sizeof(*grown));
        memcpy(&grown[at + 1], &networks->items[at], (networks->count - at) * sizeof(*grown));
    }
    grown[at] = (struct nic_network){
        .index = index,
        .macvlan_mode = MACVLAN_MODE_PRIVATE,
        .ipvlan_mode = IPVLAN_MODE_L3,
    };
    networks->items = grown;
    networks->count++;
    return &grown[at];
}

static const struct row *find_row(const char *name) {
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

static int read_item(struct nic_networks *networks, const char *name, const char *value,
                     const char *where, struct thole_error *err) {
    unsigned index = 0;
    const char *rest = split_name(name, &index);
    const struct row *row = rest != NULL ? find_row(rest) : NULL;
    if (row == NULL)
        return error_config(err, where, "%s is no setting of an interface", name);
    const struct reading reading = {
        .networks = networks,
        .network = network_of(networks, index),
        .value = value,
        .where = arena_strdup(&networks->arena, where),
    };
    reading.network->where[row->key] = reading.where;
    return row->read(&reading, row, err);
}

static int read_version(struct nic_networks *networks, const char *value, const char *where,
                        struct thole_error *err) {
    int64_t version = 0;
    if (nic_value_number(value, 0, 1, &version, where, err) < 0)
        return -1;
    networks->hook_version = (int)version;
    return 0;
}

/* Items that are for another type than the interface has. */
static int check_type(const struct nic_network *network, struct thole_error *err) {
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        const char *where = network->where[row->key];
        if (where != NULL && row->only != ANY_TYPE && row->only != network->type)
            return error_config(err, where, "is for type %s only, and lxc.net.%u.type is %s",
                                nic_network_type_name(row->only), network->index,
                                nic_network_type_name(network->type));
    }
    return 0;
}

static int check_link(const struct nic_network *network, struct thole_error *err) {
    bool needs_link = network->type > NIC_NETWORK_VETH || network->l2proxy ||
                      network->where[NIC_NETWORK_VETH_VLAN_ID] != NULL ||
                      network->where[NIC_NETWORK_VETH_TAGGED] != NULL ||
                      network->gateway4.kind == NIC_GATEWAY_AUTO ||
                      network->gateway6.kind == NIC_GATEWAY_AUTO;
    if (needs_link && network->link == NULL)
        return error_config(err, network->where[NIC_NETWORK_TYPE],
                            "lxc.net.%u.link is missing: the interface on the host",
                            network->index);
    if (network->type == NIC_NETWORK_VLAN && network->where[NIC_NETWORK_VLAN_ID] == NULL)
        return error_config(err, network->where[NIC_NETWORK_TYPE], "lxc.net.%u.vlan.id is missing",
                            network->index);
    return 0;
}

static int check_gateway(const struct nic_network *network, enum nic_network_key key,
                         const struct nic_network_gateway *gateway, struct thole_error *err) {
    if (gateway->kind == NIC_GATEWAY_NONE)
        return 0;
    if (!network->up)
        return error_config(err, network->where[key],
                            "an interface that is down has no gateway: lxc.net.%u.flags = up",
                            network->index);
    if (gateway->kind == NIC_GATEWAY_AUTO &&
        (network->type < NIC_NETWORK_VETH || network->type > NIC_NETWORK_IPVLAN))
        return error_config(err, network->where[key],
                            "auto is for the types veth, macvlan and ipvlan");
    return 0;
}

static int check_routes(const struct nic_network *network, struct thole_error *err) {
    if (network->inner_routes.count == 0 || network->up)
        return 0;
    return error_config(err, network->inner_routes.items[0].destination.where,
                        "an interface that is down has no routes");
}

static int check(const struct nic_networks *networks, struct thole_error *err) {
    char where[64];
    for (size_t i = 0; i < networks->count; i++) {
        const struct nic_network *network = &networks->items[i];
        (void)snprintf(where, sizeof(where), "lxc.net.%u", network->index);
        if (network->where[NIC_NETWORK_TYPE] == NULL)
            return error_config(err, where, "lxc.net.%u.type is missing", network->index);
        if (check_type(network, err) < 0 || check_link(network, err) < 0 ||
            check_routes(network, err) < 0 ||
            check_gateway(network, NIC_NETWORK_GATEWAY4, &network->gateway4, err) < 0 ||
            check_gateway(network, NIC_NETWORK_GATEWAY6, &network->gateway6, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the text of an annotation ---- */

static int parse_line(struct nic_networks *networks, char *line, const char **where,
                      struct thole_error *err) {
    if (text_starts_with(line, "# ")) {
        *where = arena_strdup(&networks->arena, line + 2);
        return 0;
    }
    char *equals = strstr(line, " = ");
    if (equals == NULL)
        return error_config(err, *where, "\"%s\" is not KEY = VALUE", line);
    *equals = '\0';
    const char *value = equals + strlen(" = ");
    const char *place = *where != NULL ? *where : line;
    *where = NULL;
    if (strcmp(line, key_version) == 0)
        return read_version(networks, value, place, err);
    return read_item(networks, line, value, place, err);
}

int nic_networks_parse(const char *text, struct nic_networks *ret_networks,
                       struct thole_error *err) {
    cleanup_nic_networks struct nic_networks networks = {0};
    const char *where = NULL;
    const char *line = NULL;
    size_t length = 0;
    while (text_next_line(&text, &line, &length)) {
        if (length > 0 &&
            parse_line(&networks, arena_strndup(&networks.arena, line, length), &where, err) < 0)
            return -1;
    }
    if (check(&networks, err) < 0)
        return -1;
    *ret_networks = networks;
    networks = (struct nic_networks){0};
    return 0;
}

bool nic_networks_have_work(const struct nic_networks *networks) {
    for (size_t i = 0; i < networks->count; i++) {
        const struct nic_network *network = &networks->items[i];
        if (network->type > NIC_NETWORK_EMPTY ||
            (network->type == NIC_NETWORK_EMPTY &&
             network->up_scripts.count + network->down_scripts.count > 0))
            return true;
    }
    return false;
}

void nic_networks_done(struct nic_networks *networks) {
    arena_done(&networks->arena);
    *networks = (struct nic_networks){0};
}
