/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of bridges and their VLANs. */
#include "nic/bridge.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "nic/netlink.h"
#include "nic/program.h"

bool nic_bridge_remembers(const struct nic_link_facts *bridge) {
    return strcmp(bridge->kind, "openvswitch") == 0;
}

/* ---- Open vSwitch ---- */

static int call_ovs(const struct nic_network *network, const char *const *words,
                    struct thole_error *err) {
    static const char program[] = "ovs-vsctl";
    const char *where = network->where[NIC_NETWORK_LINK];
    if (!nic_program_exists(program))
        return error_unsupported(err, where,
                                 "%s is an Open vSwitch, and ovs-vsctl, which adds ports to it, is "
                                 "not installed",
                                 network->link);
    return nic_program_run(words, where, err);
}

static int attach_ovs(const struct nic_interface *interface, struct thole_error *err) {
    const struct nic_network *network = interface->network;
    cleanup_text struct text tag = {0};
    cleanup_text struct text trunks = {0};
    const char *words[8] = {"ovs-vsctl", "--may-exist", "add-port", network->link,
                            interface->peer.name};
    size_t count = 5;
    if (network->where[NIC_NETWORK_VETH_VLAN_ID] != NULL && network->veth_vlan != NIC_VLAN_NONE) {
        text_appendf(&tag, "tag=%d", (int)network->veth_vlan);
        words[count++] = tag.data;
    }
    for (size_t i = 0; i < network->tagged.count; i++)
        text_appendf(&trunks, "%s%d", i == 0 ? "trunks=" : ",", (int)network->tagged.items[i]);
    if (trunks.length > 0)
        words[count++] = trunks.data;
    return call_ovs(network, words, err);
}

int nic_bridge_detach(const struct nic_network *network, const char *port,
                      struct thole_error *err) {
    const char *const words[] = {"ovs-vsctl", "--if-exists", "del-port", network->link, port, NULL};
    return call_ovs(network, words, err);
}

/* ---- VLANs of a bridge ---- */

static int change_vlan(const struct nic_interface *interface, int type, int64_t vlan,
                       uint16_t flags, enum nic_network_key key, struct thole_error *err) {
    struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = interface->peer.index};
    struct bridge_vlan_info info = {.flags = flags, .vid = (uint16_t)vlan};
    struct nl_msg *message = nl_made(nlmsg_alloc_simple(type, 0));
    if (nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0)
        abort();
    struct nlattr *nest = nl_made(nla_nest_start(message, IFLA_AF_SPEC));
    if (nla_put(message, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info) < 0)
        abort();
    nla_nest_end(message, nest);
    int result = nl_send_sync(interface->host->socket, message);
    if (result < 0)
        return nic_side_error(interface->host, result, err, interface->network->where[key],
                              "%s VLAN %d on bridge %s",
                              type == RTM_SETLINK ? "put the port into" : "take the port out of",
                              (int)vlan, interface->link.name);
    return 0;
}

static int take_default_vlan(struct nl_msg *message, void *argument) {
    struct nlattr *info =
        nlmsg_find_attr(nlmsg_hdr(message), sizeof(struct ifinfomsg), IFLA_LINKINFO);
    struct nlattr *data =
        info != NULL ? nla_find(nla_data(info), nla_len(info), IFLA_INFO_DATA) : NULL;
    struct nlattr *vlan =
        data != NULL ? nla_find(nla_data(data), nla_len(data), IFLA_BR_VLAN_DEFAULT_PVID) : NULL;
    if (vlan != NULL)
        *(int64_t *)argument = nla_get_u16(vlan);
    return NL_OK;
}

/* The VLAN in which a bridge puts every new port; 0: none. */
static int default_vlan(const struct nic_interface *interface, int64_t *ret_vlan,
                        struct thole_error *err) {
    struct ifinfomsg header = {.ifi_family = AF_UNSPEC, .ifi_index = interface->link.index};
    struct nl_msg *message = nl_made(nlmsg_alloc_simple(RTM_GETLINK, 0));
    *ret_vlan = 0;
    if (nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0)
        abort();
    int result = nic_side_ask(interface->host, message, take_default_vlan, ret_vlan);
    if (result < 0)
        return nic_side_error(interface->host, result, err,
                              interface->network->where[NIC_NETWORK_VETH_VLAN_ID],
                              "ask bridge %s for its default VLAN", interface->link.name);
    return 0;
}

static int set_untagged(const struct nic_interface *interface, struct thole_error *err) {
    const int64_t wanted = interface->network->veth_vlan;
    int64_t otherwise = 0;
    if (default_vlan(interface, &otherwise, err) < 0)
        return -1;
    if (otherwise != 0 && otherwise != wanted &&
        change_vlan(interface, RTM_DELLINK, otherwise, 0, NIC_NETWORK_VETH_VLAN_ID, err) < 0)
        return -1;
    if (wanted == NIC_VLAN_NONE || wanted == otherwise)
        return 0;
    return change_vlan(interface, RTM_SETLINK, wanted,
                       BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED, NIC_NETWORK_VETH_VLAN_ID,
                       err);
}

static int set_vlans(const struct nic_interface *interface, struct thole_error *err) {
    const struct nic_network *network = interface->network;
    if (network->where[NIC_NETWORK_VETH_VLAN_ID] != NULL && set_untagged(interface, err) < 0)
        return -1;
    for (size_t i = 0; i < network->tagged.count; i++) {
        if (change_vlan(interface, RTM_SETLINK, network->tagged.items[i], 0,
                        NIC_NETWORK_VETH_TAGGED, err) < 0)
            return -1;
    }
    return 0;
}

int nic_bridge_attach(const struct nic_interface *interface, struct thole_error *err) {
    if (nic_bridge_remembers(&interface->link))
        return attach_ovs(interface, err);
    if (nic_link_set_master(interface->host, interface->peer.index, &interface->link,
                            interface->network->where[NIC_NETWORK_LINK], err) < 0)
        return -1;
    return set_vlans(interface, err);
}
