/* SPDX-License-Identifier: Apache-2.0 */
/* Making a container's network: one interface after the other. */
#include "nic/up.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "nic/address.h"
#include "nic/bridge.h"
#include "nic/proxy.h"
#include "nic/record.h"
#include "nic/script.h"
#include "nic/user_nic.h"

/* All of one container. */
struct making {
    const struct nic_network_call *call;
    struct nic_networks networks;
    struct nic_side *host;
    struct nic_side *inside;
    int record;
};

/* ---- one interface ---- */

static int note_made(const struct making *making, const struct nic_interface *interface,
                     struct thole_error *err) {
    const struct nic_network *network = interface->network;
    bool is_veth = network->type == NIC_NETWORK_VETH;
    const struct nic_link_facts *kept = is_veth ? &interface->peer : &interface->link;
    struct nic_made made = {.index = network->index};
    if (is_veth || network->type == NIC_NETWORK_PHYS) {
        made.mtu = kept->mtu;
        made.number = is_veth ? kept->index : interface->index;
        memcpy(made.hwaddr, kept->hwaddr, sizeof(made.hwaddr));
        memcpy(made.device, kept->name, sizeof(made.device));
    }
    return nic_record_add(making->record, &made, err);
}

/* The MTU both ends of a veth get: as configured, else the bridge's. */
static unsigned wanted_mtu(const struct nic_interface *interface) {
    const struct nic_network *network = interface->network;
    if (network->mtu > 0)
        return (unsigned)network->mtu;
    return network->type == NIC_NETWORK_VETH ? interface->link.mtu : 0;
}

static int set_up_peer(const struct nic_interface *interface, struct thole_error *err) {
    const struct nic_network *network = interface->network;
    const char *where_mtu = network->where[NIC_NETWORK_MTU];
    unsigned mtu = wanted_mtu(interface);
    if (network->type != NIC_NETWORK_VETH || geteuid() != 0) /* lxc-user-nic has done it */
        return 0;
    if (mtu > 0 &&
        nic_link_set_mtu(interface->host, interface->peer.index, mtu, where_mtu, err) < 0)
        return -1;
    if (network->link != NULL && !network->router && nic_bridge_attach(interface, err) < 0)
        return -1;
    if (nic_link_set_up(interface->host, interface->peer.index, network->where[NIC_NETWORK_TYPE],
                        err) < 0)
        return -1;
    return nic_router_add(interface, err);
}

static int set_up_inside(const struct nic_interface *interface, struct thole_error *err) {
    const struct nic_network *network = interface->network;
    unsigned mtu = wanted_mtu(interface);
    uint8_t hwaddr[NIC_HWADDR_LENGTH] = {0};
    if (mtu > 0 && nic_link_set_mtu(interface->inside, interface->index, mtu,
                                    network->where[NIC_NETWORK_MTU], err) < 0)
        return -1;
    if (network->hwaddr != NULL &&
        (nic_link_expand_hwaddr(network->hwaddr, hwaddr, err) < 0 ||
         nic_link_set_hwaddr(interface->inside, interface->index, hwaddr,
                             network->where[NIC_NETWORK_HWADDR], err) < 0))
        return -1;
    if (nic_addresses_add(interface, err) < 0)
        return -1;
    if (network->up && nic_link_set_up(interface->inside, interface->index,
                                       network->where[NIC_NETWORK_FLAGS], err) < 0)
        return -1;
    return nic_inner_routes_add(interface, err) < 0 ? -1 : nic_gateways_add(interface, err);
}

/* The script comes when the host's side is ready; a device of the host is still there then. */
static int make_interface(struct making *making, const struct nic_network *network,
                          struct thole_error *err) {
    struct nic_interface interface = {
        .network = network,
        .host = making->host,
        .inside = making->inside,
        .pid = making->call->pid,
        .lxcpath = making->call->place.lxcpath,
        .container = making->call->place.name,
    };
    const struct nic_script_call script = {
        .name = making->call->place.name,
        .hook_version = making->networks.hook_version,
        .up = true,
    };
    if (network->type == NIC_NETWORK_NONE)
        return 0;
    if (nic_interface_make(&interface, err) < 0 || note_made(making, &interface, err) < 0 ||
        nic_gateways_resolve(&interface, err) < 0 || set_up_peer(&interface, err) < 0 ||
        nic_proxies_add(&interface, err) < 0 ||
        nic_scripts_run(network, &script, interface.peer.name, err) < 0)
        return -1;
    if (network->type == NIC_NETWORK_EMPTY)
        return 0;
    if (network->type == NIC_NETWORK_PHYS &&
        (nic_interface_move_in(&interface, err) < 0 || note_made(making, &interface, err) < 0))
        return -1;
    return set_up_inside(&interface, err);
}

/* ---- all ---- */

static int check_user(const struct nic_networks *networks, struct thole_error *err) {
    for (size_t i = 0; geteuid() != 0 && i < networks->count; i++) {
        if (networks->items[i].type > NIC_NETWORK_EMPTY &&
            nic_user_check(&networks->items[i], err) < 0)
            return -1;
    }
    return 0;
}

/* Devices of the host have to be brought back from it, and script.down sees what there was. */
static bool keeps_namespace(const struct nic_networks *networks) {
    for (size_t i = 0; i < networks->count; i++) {
        if (networks->items[i].type == NIC_NETWORK_PHYS ||
            networks->items[i].down_scripts.count > 0)
            return true;
    }
    return false;
}

static int open_sides(struct making *making, struct thole_error *err) {
    if (nic_side_open_own(&making->host, err) < 0 ||
        nic_side_open_process(making->call->pid, &making->inside, err) < 0)
        return -1;
    int same = nic_side_is_same(making->host, making->inside, err);
    if (same > 0)
        return error_config(err, NULL,
                            "the container has no network namespace of its own to make interfaces "
                            "in");
    return same;
}

static int make_all(struct making *making, struct thole_error *err) {
    const struct nic_network_call *call = making->call;
    if (keeps_namespace(&making->networks) &&
        nic_record_keep_namespace(making->record, call->pid, err) < 0)
        return -1;
    for (size_t i = 0; i < making->networks.count; i++) {
        if (make_interface(making, &making->networks.items[i], err) < 0)
            return -1;
    }
    return 0;
}

/* What a container of this name left when its end was not noticed goes first. */
static int begin(struct making *making, struct thole_error *err) {
    const struct nic_network_call *call = making->call;
    char pid[16];
    (void)snprintf(pid, sizeof(pid), "%d", call->pid);
    if (setenv("LXC_PID", pid, 1) < 0)
        abort();
    if (nic_network_down(&call->place, err) < 0)
        return error_prefix(err, "remove what is left of an earlier network");
    cleanup_free char *path =
        nic_record_path(call->place.records, call->place.lxcpath, call->place.name);
    return nic_record_create(path, call->settings, &making->record, err);
}

static int run(struct making *making, struct thole_error *err) {
    if (nic_networks_parse(making->call->settings, &making->networks, err) < 0)
        return -1;
    if (!nic_networks_have_work(&making->networks))
        return 0;
    if (check_user(&making->networks, err) < 0 || open_sides(making, err) < 0 ||
        begin(making, err) < 0)
        return -1;
    if (make_all(making, err) == 0)
        return 0;
    (void)nic_network_down(&making->call->place, NULL);
    return -1;
}

int nic_network_up(const struct nic_network_call *call, struct thole_error *err) {
    struct making making = {.call = call, .record = -1};
    int result = run(&making, err);
    nic_networks_done(&making.networks);
    nic_side_close(&making.host);
    nic_side_close(&making.inside);
    cleanup_close_fd(&making.record);
    return result;
}
