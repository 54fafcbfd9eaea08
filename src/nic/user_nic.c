/* SPDX-License-Identifier: Apache-2.0 */
/* Calling lxc-user-nic. */
#include "nic/user_nic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "nic/program.h"

enum { ANSWER_MAX = 128 };

/* Where distributions have it. */
static const char *find_program(void) {
    static const char *const places[] = {
        "/usr/libexec/lxc/lxc-user-nic",
        "/usr/lib/lxc/lxc-user-nic",
        "/usr/lib/x86_64-linux-gnu/lxc/lxc-user-nic",
        "/usr/lib/aarch64-linux-gnu/lxc/lxc-user-nic",
    };
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (access(places[i], X_OK) == 0)
            return places[i];
    }
    return NULL;
}

/* All that changes the host beyond a port of a bridge. */
static enum nic_network_key too_much(const struct nic_network *network) {
    static const enum nic_network_key keys[] = {
        NIC_NETWORK_VETH_ROUTE4, NIC_NETWORK_VETH_ROUTE6,   NIC_NETWORK_VETH_VLAN_ID,
        NIC_NETWORK_VETH_TAGGED, NIC_NETWORK_VETH_RXQUEUES, NIC_NETWORK_VETH_TXQUEUES,
        NIC_NETWORK_L2PROXY,
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (network->where[keys[i]] != NULL)
            return keys[i];
    }
    return network->router ? NIC_NETWORK_VETH_MODE : NIC_NETWORK_KEYS;
}

int nic_user_check(const struct nic_network *network, struct thole_error *err) {
    const char *where = network->where[NIC_NETWORK_TYPE];
    enum nic_network_key key = too_much(network);
    if (network->type != NIC_NETWORK_VETH || network->link == NULL)
        return error_unsupported(
            err, where,
            "only root makes this: start the container as root (lxc.idmap keeps its processes from "
            "being root), or use a veth on a bridge, or the type empty with a program like "
            "pasta(1)");
    if (key != NIC_NETWORK_KEYS)
        return error_unsupported(err, network->where[key],
                                 "only root changes the host for it: start the container as root");
    if (find_program() == NULL)
        return error_unsupported(
            err, where,
            "an ordinary user needs lxc-user-nic, LXC's setuid program, to be installed: else "
            "start "
            "the container as root, or use the type empty with a program like pasta(1)");
    return 0;
}

/* "eth0:2:vethXXXXXX:7": inside and on the host. */
static int read_answer(struct nic_interface *interface, const char *answer, const char *name,
                       struct thole_error *err) {
    const char *where = interface->network->where[NIC_NETWORK_TYPE];
    struct nic_link_facts inside;
    char pair[IFNAMSIZ] = "";
    const char *colon = strchr(answer, ':');
    const char *second = colon != NULL ? strchr(colon + 1, ':') : NULL;
    const size_t length = second != NULL ? strcspn(second + 1, ":") : 0;
    if (length == 0 || length >= sizeof(pair))
        return error_set(err, THOLE_ERROR_HOST, 0, where, "lxc-user-nic answered \"%s\"", answer);
    memcpy(pair, second + 1, length);
    if (nic_link_find(interface->host, pair, &interface->peer, where, err) < 0 ||
        nic_link_find(interface->inside, name, &inside, where, err) < 0)
        return -1;
    interface->index = inside.index;
    return 0;
}

int nic_user_make(struct nic_interface *interface, const char *name, struct thole_error *err) {
    char answer[ANSWER_MAX];
    char pid[16];
    (void)snprintf(pid, sizeof(pid), "%d", interface->pid);
    const char *const words[] = {find_program(),           "create", interface->lxcpath,
                                 interface->container,     pid,      "veth",
                                 interface->network->link, name,     NULL};
    if (nic_program_ask(words, answer, sizeof(answer), interface->network->where[NIC_NETWORK_LINK],
                        err) < 0)
        return error_prefix(err, "lxc-user-nic");
    return read_answer(interface, answer, name, err);
}
