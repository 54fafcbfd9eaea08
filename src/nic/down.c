/* SPDX-License-Identifier: Apache-2.0 */
/* Undoing a container's network. */
#include "nic/down.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "nic/bridge.h"
#include "nic/proxy.h"
#include "nic/record.h"
#include "nic/script.h"

/* All of one container. */
struct undoing {
    const char *name;
    int record;
    struct nic_networks networks;
    struct nic_made_list made;
    struct nic_side *host;
};

static const struct nic_network *network_of(const struct undoing *undoing, unsigned index) {
    for (size_t i = 0; i < undoing->networks.count; i++) {
        if (undoing->networks.items[i].index == index)
            return &undoing->networks.items[i];
    }
    return NULL;
}

/* By name, number and address: another one may have come to the name since. */
static int delete_veth(const struct undoing *undoing, const struct nic_made *made,
                       struct thole_error *err) {
    struct nic_link_facts facts;
    int found = nic_link_look(undoing->host, made->device, &facts, NULL, err);
    if (found <= 0)
        return found;
    if (facts.index != made->number || strcmp(facts.kind, "veth") != 0 ||
        memcmp(facts.hwaddr, made->hwaddr, sizeof(facts.hwaddr)) != 0)
        return 0;
    return nic_link_delete(undoing->host, facts.index, err);
}

static int detach_port(const struct undoing *undoing, const struct nic_network *network,
                       const struct nic_made *made, struct thole_error *err) {
    struct nic_link_facts bridge;
    if (network->link == NULL || network->router)
        return 0;
    int found = nic_link_look(undoing->host, network->link, &bridge, NULL, err);
    if (found <= 0 || !nic_bridge_remembers(&bridge))
        return found;
    return nic_bridge_detach(network, made->device, err);
}

/* As it was on the host, but down, as LXC leaves it. */
static int restore_device(const struct undoing *undoing, const struct nic_network *network,
                          const struct nic_made *made, struct thole_error *err) {
    const char *where = network->where[NIC_NETWORK_LINK];
    struct nic_link_facts facts;
    cleanup_nic_side struct nic_side *inside = NULL;
    cleanup_close int namespace_fd = nic_record_namespace(undoing->record, err);
    if (namespace_fd < 0 || nic_side_open_namespace(namespace_fd, &inside, err) < 0)
        return -1;
    int found = nic_link_look_index(inside, made->number, &facts, err);
    if (found < 0)
        return -1;
    if (found == 0)
        return error_set(err, THOLE_ERROR_HOST, 0, where,
                         "interface %s is not in the container any more", made->device);
    int index = nic_link_move(inside, &facts, undoing->host, made->device, where, err);
    if (index < 0)
        return -1;
    if (network->mtu > 0 && nic_link_set_mtu(undoing->host, index, made->mtu, where, err) < 0)
        return -1;
    return network->hwaddr != NULL
               ? nic_link_set_hwaddr(undoing->host, index, made->hwaddr, where, err)
               : 0;
}

static int run_scripts(const struct undoing *undoing, const struct nic_network *network,
                       const struct nic_made *made, struct thole_error *err) {
    const struct nic_script_call call = {
        .name = undoing->name,
        .hook_version = undoing->networks.hook_version,
        .up = false,
    };
    return nic_scripts_run(network, &call, network->type == NIC_NETWORK_VETH ? made->device : "",
                           err);
}

/* Keeps the first error. */
static void note(int result, const struct thole_error *failure, int *ret_result,
                 struct thole_error *err) {
    if (result < 0 && *ret_result == 0) {
        *ret_result = -1;
        if (err != NULL)
            *err = *failure;
    }
}

static int undo_interface(const struct undoing *undoing, const struct nic_made *made,
                          struct thole_error *err) {
    struct thole_error failure = {0};
    int result = 0;
    const struct nic_network *network = network_of(undoing, made->index);
    if (network == NULL)
        return error_bug(err, "the record of the network knows no lxc.net.%u", made->index);
    if (network->type == NIC_NETWORK_PHYS && made->number > 0)
        return restore_device(undoing, network, made, err);
    note(run_scripts(undoing, network, made, &failure), &failure, &result, err);
    note(nic_proxies_delete(network, undoing->host, &failure), &failure, &result, err);
    if (network->type == NIC_NETWORK_VETH && geteuid() == 0) { /* a user's ends by itself */
        note(detach_port(undoing, network, made, &failure), &failure, &result, err);
        note(delete_veth(undoing, made, &failure), &failure, &result, err);
    }
    return result;
}

static int undo_all(struct undoing *undoing, struct thole_error *err) {
    struct thole_error failure = {0};
    int result = 0;
    if (nic_record_read(undoing->record, &undoing->networks, &undoing->made, err) < 0 ||
        nic_side_open_own(&undoing->host, err) < 0)
        return -1;
    for (size_t i = undoing->made.count; i > 0; i--)
        note(undo_interface(undoing, &undoing->made.items[i - 1], &failure), &failure, &result,
             err);
    return result;
}

int nic_network_down(const struct nic_network_place *place, struct thole_error *err) {
    struct thole_error failure = {0};
    struct undoing undoing = {.name = place->name, .record = -1};
    cleanup_free char *path = nic_record_path(place->records, place->lxcpath, place->name);
    int result = nic_record_open(path, &undoing.record, err);
    if (result <= 0)
        return result;
    result = undo_all(&undoing, err);
    note(nic_record_remove(path, &failure), &failure, &result, err);
    nic_networks_done(&undoing.networks);
    free(undoing.made.items);
    nic_side_close(&undoing.host);
    cleanup_close_fd(&undoing.record);
    return result;
}
