/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces, in the words of lxc.net.*: hooks make them, src/nic/ knows how. */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "nic/settings.h"
#include "virsh/convert/interfaces.h"

/* What is written about one interface. */
struct writing {
    struct virsh_conversion *conversion;
    struct text *text;
    size_t index;
    const char *where; /* of the interface */
};

static int write_setting(const struct writing *writing, const char *key, const char *value,
                         const char *where, struct thole_error *err) {
    if (where == NULL)
        where = writing->where;
    for (const char *at = value; *at != '\0'; at++) {
        if (iscntrl((unsigned char)*at))
            return error_config(err, where, "a control character is no part of a name");
    }
    text_appendf(writing->text, "# %s\nlxc.net.%zu.%s = %s\n", where, writing->index, key, value);
    return 0;
}

static int write_value(const struct writing *writing, const char *key,
                       const struct domain_value *value, struct thole_error *err) {
    return value->text == NULL ? 0 : write_setting(writing, key, value->text, value->where, err);
}

/* ---- addresses and routes ---- */

static bool is_ipv6(const struct domain_value *family) {
    return family->text != NULL && strcmp(family->text, "ipv6") == 0;
}

static int check_family(const struct domain_value *family, struct thole_error *err) {
    if (family->text == NULL || is_ipv6(family) || strcmp(family->text, "ipv4") == 0)
        return 0;
    return error_config(err, family->where, "\"%s\" is not ipv4 or ipv6", family->text);
}

static int write_address(const struct writing *writing, const char *before, const char *after,
                         const struct domain_value *family, const struct domain_value *address,
                         const struct domain_value *prefix, const char *where,
                         struct thole_error *err) {
    const bool ipv6 = is_ipv6(family);
    const uint64_t whole = ipv6 ? 128 : 32;
    if (check_family(family, err) < 0)
        return -1;
    if (address->text == NULL)
        return error_config(err, where, "which address?");
    if (prefix->number > whole)
        return error_config(err, prefix->where, "a prefix has up to %" PRIu64 " bits", whole);
    struct arena *arena = writing->conversion->arena;
    return write_setting(writing,
                         arena_printf(arena, "%s%s%s", before, ipv6 ? "ipv6" : "ipv4", after),
                         arena_printf(arena, "%s/%" PRIu64, address->text,
                                      prefix->text != NULL ? prefix->number : whole),
                         where, err);
}

static int write_addresses(const struct writing *writing, const struct domain_interface *interface,
                           struct thole_error *err) {
    for (size_t i = 0; i < interface->addresses.count; i++) {
        const struct domain_address *address = &interface->addresses.items[i];
        if (write_address(writing, "", ".address", &address->family, &address->address,
                          &address->prefix, address->where, err) < 0)
            return -1;
    }
    return 0;
}

/* The bits of a mask like 255.255.0.0. */
static int read_netmask(const struct domain_value *netmask, uint64_t *ret_prefix,
                        struct thole_error *err) {
    struct in_addr mask;
    const int right = inet_pton(AF_INET, netmask->text, &mask);
    const uint32_t bits = right == 1 ? ntohl(mask.s_addr) : 1;
    if ((~bits & (~bits + 1)) != 0)
        return error_config(err, netmask->where, "\"%s\" is not the mask of an IPv4 network",
                            netmask->text);
    *ret_prefix = (uint64_t)__builtin_popcount(bits);
    return 0;
}

/* "/16", or "" where libvirt takes that of the address's class. */
static int find_prefix(const struct writing *writing, const struct domain_route *route, bool any,
                       const char **ret_prefix, struct thole_error *err) {
    const uint64_t whole = is_ipv6(&route->family) ? 128 : 32;
    uint64_t prefix = route->prefix.number;
    *ret_prefix = "";
    if (route->prefix.text == NULL && route->netmask.text == NULL && !any)
        return 0;
    if (route->prefix.text == NULL && route->netmask.text != NULL &&
        read_netmask(&route->netmask, &prefix, err) < 0)
        return -1;
    if (prefix > whole)
        return error_config(err, route->prefix.where, "a prefix has up to %" PRIu64 " bits", whole);
    *ret_prefix = arena_printf(writing->conversion->arena, "/%" PRIu64, prefix);
    return 0;
}

static int write_route(const struct writing *writing, const struct domain_route *route,
                       struct thole_error *err) {
    static const char *const anywhere[] = {"0.0.0.0", "::"};
    struct arena *arena = writing->conversion->arena;
    const bool ipv6 = is_ipv6(&route->family);
    const char *address = route->address.text != NULL ? route->address.text : anywhere[ipv6];
    const bool any = strcmp(address, anywhere[ipv6]) == 0;
    const char *prefix = "";
    if (route->gateway.text == NULL)
        return error_config(err, route->where, "a route has a gateway");
    if (check_family(&route->family, err) < 0 || find_prefix(writing, route, any, &prefix, err) < 0)
        return -1;
    if (any && strcmp(prefix, "/0") == 0 && route->metric.number == 0)
        return write_setting(writing, ipv6 ? "ipv6.gateway" : "ipv4.gateway", route->gateway.text,
                             route->gateway.where, err);
    const char *value = arena_printf(arena, "%s%s %s", address, prefix, route->gateway.text);
    if (route->metric.number > 0)
        value = arena_printf(arena, "%s %" PRIu64, value, route->metric.number);
    return write_setting(writing, ipv6 ? "ipv6.route" : "ipv4.route", value, route->where, err);
}

static int write_routes(const struct writing *writing, const struct domain_interface *interface,
                        struct thole_error *err) {
    for (size_t i = 0; i < interface->routes.count; i++) {
        if (write_route(writing, &interface->routes.items[i], err) < 0)
            return -1;
    }
    return 0;
}

static int write_host_routes(const struct writing *writing,
                             const struct domain_interface *interface, struct thole_error *err) {
    for (size_t i = 0; i < interface->host_routes.count; i++) {
        const struct domain_route *route = &interface->host_routes.items[i];
        if (write_address(writing, "veth.", ".route", &route->family, &route->address,
                          &route->prefix, route->where, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- kinds ---- */

static int wanted(const struct domain_interface *interface, const struct domain_value *value,
                  const char *what, struct thole_error *err) {
    if (value->text != NULL)
        return 0;
    return error_config(err, interface->where, "the source names no %s", what);
}

/* Others than those of CNI have a bridge; libvirt's daemon, which knows its own, is not asked. */
static const char *bridge_of_network(struct virsh_conversion *conversion, const char *network) {
    struct stat status;
    if (strchr(network, '/') == NULL &&
        stat(arena_printf(conversion->arena, "/sys/class/net/%s/bridge", network), &status) == 0)
        return network;
    return strcmp(network, "default") == 0 ? "virbr0" : network;
}

/* The host's end keeps the name it is given, unless it is one that libvirt made up. */
static int write_veth(const struct writing *writing, const struct domain_interface *interface,
                      const char *link, const char *where, struct thole_error *err) {
    const struct domain_value *target = &interface->target;
    const bool made_up = target->text != NULL && (text_starts_with(target->text, "vnet") ||
                                                  text_starts_with(target->text, "veth"));
    if (write_setting(writing, "type", "veth", interface->type.where, err) < 0 ||
        (link != NULL && write_setting(writing, "link", link, where, err) < 0) ||
        (!made_up && write_value(writing, "veth.pair", target, err) < 0))
        return -1;
    for (size_t i = 0; i < interface->vlans.count; i++) {
        const bool tagged = interface->vlan_trunk.number != 0 || interface->vlans.count > 1;
        const struct domain_vlan_tag *tag = &interface->vlans.items[i];
        if (write_value(writing, tagged ? "veth.vlan.tagged.id" : "veth.vlan.id", &tag->id, err) <
            0)
            return -1;
    }
    return write_host_routes(writing, interface, err);
}

static int write_direct(const struct writing *writing, const struct domain_interface *interface,
                        struct thole_error *err) {
    const struct domain_value *mode = &interface->source_mode;
    const char *word = mode->text == NULL                       ? "vepa"
                       : strcmp(mode->text, "passthrough") == 0 ? "passthru"
                                                                : mode->text;
    if (wanted(interface, &interface->source_dev, "dev", err) < 0 ||
        write_setting(writing, "type", "macvlan", interface->type.where, err) < 0 ||
        write_value(writing, "link", &interface->source_dev, err) < 0)
        return -1;
    return write_setting(writing, "macvlan.mode", word, mode->where, err);
}

static int write_kind(const struct writing *writing, const struct domain_interface *interface,
                      struct thole_error *err) {
    const struct domain_value *network = &interface->source_network;
    const struct domain_value *bridge = &interface->source_bridge;
    if (interface->type.text == NULL)
        return error_config(err, interface->where, "an interface has a type");
    switch ((enum domain_interface_type)interface->type.number) {
    case DOMAIN_INTERFACE_NETWORK:
        if (wanted(interface, network, "network", err) < 0)
            return -1;
        return write_veth(writing, interface, bridge_of_network(writing->conversion, network->text),
                          network->where, err);
    case DOMAIN_INTERFACE_BRIDGE:
        if (wanted(interface, bridge, "bridge", err) < 0)
            return -1;
        return write_veth(writing, interface, bridge->text, bridge->where, err);
    case DOMAIN_INTERFACE_DIRECT:
        return write_direct(writing, interface, err);
    case DOMAIN_INTERFACE_ETHERNET:
        return write_veth(writing, interface, NULL, NULL, err);
    }
    return error_bug(err, "an interface of an unknown type");
}

static int write_interface(const struct writing *writing, const struct domain_interface *interface,
                           struct thole_error *err) {
    const bool up = interface->link_state.text == NULL || interface->link_state.number != 0;
    if (write_kind(writing, interface, err) < 0 ||
        write_value(writing, "hwaddr", &interface->mac, err) < 0 ||
        write_value(writing, "name", &interface->guest, err) < 0 ||
        write_value(writing, "mtu", &interface->mtu, err) < 0 ||
        (up && write_setting(writing, "flags", "up", NULL, err) < 0) ||
        write_addresses(writing, interface, err) < 0)
        return -1;
    return write_routes(writing, interface, err);
}

/* A NIC of the host, which comes back at the end. */
static int write_hostdev(const struct writing *writing, const struct domain_hostdev *hostdev,
                         struct thole_error *err) {
    if (write_setting(writing, "type", "phys", hostdev->where, err) < 0 ||
        write_value(writing, "link", &hostdev->interface, err) < 0)
        return -1;
    return write_setting(writing, "flags", "up", NULL, err);
}

/* ---- all ---- */

/* @ret_count: those that src/nic/ makes. */
static int write_all(struct virsh_conversion *conversion, struct text *text, size_t *ret_count,
                     struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    struct writing writing = {.conversion = conversion, .text = text};
    for (size_t i = 0; i < domain->interfaces.count; i++) {
        const struct domain_interface *interface = &domain->interfaces.items[i];
        writing.where = interface->where;
        const int of_cni = virsh_cni_add(conversion, interface, i, err);
        if (of_cni < 0 || (of_cni == 0 && write_interface(&writing, interface, err) < 0))
            return -1;
        writing.index += of_cni == 0;
    }
    for (size_t i = 0; i < domain->hostdevs.count; i++) {
        writing.where = domain->hostdevs.items[i].where;
        if (domain->hostdevs.items[i].interface.text == NULL)
            continue;
        if (write_hostdev(&writing, &domain->hostdevs.items[i], err) < 0)
            return -1;
        writing.index++;
    }
    *ret_count = writing.index;
    return 0;
}

int virsh_convert_interfaces(struct virsh_conversion *conversion, struct thole_error *err) {
    cleanup_text struct text text = {0};
    cleanup_nic_networks struct nic_networks networks = {0};
    size_t count = 0;
    if (write_all(conversion, &text, &count, err) < 0)
        return -1;
    if (count == 0 && conversion->domain->interfaces.count == 0)
        return 0;
    if ((conversion->namespaces & CLONE_NEWNET) == 0)
        return error_config(err, conversion->domain->share_network.value.where,
                            "the network namespace is not the domain's own: its interfaces would "
                            "go to another's");
    if (count == 0)
        return 0;
    if (nic_networks_parse(text.data, &networks, err) < 0)
        return -1;
    virsh_conversion_annotate(conversion, NIC_NETWORKS_ANNOTATION, text.data);
    (void)virsh_hook_add(conversion, &conversion->oci->hooks->create_runtime, "network-up");
    (void)virsh_hook_add(conversion, &conversion->oci->hooks->poststop, "network-down");
    return 0;
}
