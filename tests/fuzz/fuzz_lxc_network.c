/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reading lxc.net.* never crashes, a refusal is one line of the kind CONFIG, and
 * what was accepted is within the limits that makers of interfaces rely on.
 */
#include <string.h>

#include "base/cleanup.h"
#include "nic/settings.h"
#include "targets.h"

static void check_device(const char *name) {
    require(name == NULL ||
            (name[0] != '\0' && strlen(name) < IFNAMSIZ && strchr(name, '/') == NULL));
}

static void check_addresses(const struct nic_network_addresses *list) {
    for (size_t i = 0; i < list->count; i++) {
        const struct nic_network_address *address = &list->items[i];
        require(address->family == AF_INET || address->family == AF_INET6);
        require(address->prefix <= (address->family == AF_INET ? 32 : 128));
        require(!address->has_broadcast || address->family == AF_INET);
        require(address->where != NULL);
    }
}

static void check_network(const struct nic_network *network) {
    require(network->where[NIC_NETWORK_TYPE] != NULL);
    check_device(network->link);
    check_device(network->name);
    check_device(network->pair);
    check_addresses(&network->addresses);
    check_addresses(&network->routes);
    require(network->hwaddr == NULL || strlen(network->hwaddr) == NIC_HWADDR_DIGITS);
    require(network->type <= NIC_NETWORK_VETH || network->link != NULL);
    require(network->mtu >= 0 && network->rx_queues >= 0 && network->tx_queues >= 0);
    for (size_t i = 0; i < network->tagged.count; i++)
        require(network->tagged.items[i] >= 0 && network->tagged.items[i] < 4095);
}

void fuzz_lxc_network(const uint8_t *data, size_t size) {
    cleanup_free char *text = strndup((const char *)data, size);
    cleanup_nic_networks struct nic_networks networks = {0};
    struct thole_error err = {0};
    if (nic_networks_parse(text, &networks, &err) < 0) {
        require(err.kind == THOLE_ERROR_CONFIG && networks.count == 0);
        require(err.text[0] != '\0' && strpbrk(err.text, "\n\r") == NULL);
        return;
    }
    for (size_t i = 0; i < networks.count; i++) {
        check_network(&networks.items[i]);
        require(i == 0 || networks.items[i - 1].index < networks.items[i].index);
    }
}
