/* SPDX-License-Identifier: Apache-2.0 */
/* Making an interface of each type: it lies in the container's namespace then, under its name. */
#pragma once

#include "base/error.h"
#include "nic/link.h"

/** One interface at work. */
struct nic_interface {
    const struct nic_network *network;
    struct nic_side *host;
    struct nic_side *inside;
    pid_t pid; /* whose namespace the inside is */
    const char *lxcpath;
    const char *container;
    struct nic_link_facts link; /* on the host: a bridge, a parent; index 0: there is none */
    struct nic_link_facts peer; /* veth: the host's end; index 0: there is none */
    int index;                  /* inside, 0: it is not there */
    struct nic_network_gateway gateway4; /* of the network, "auto" resolved */
    struct nic_network_gateway gateway6;
};

/** Finds the link on the host, and makes what lies in between: the pair of a veth. */
int nic_interface_make(struct nic_interface *interface, struct thole_error *err);

/** A device of the host goes in; what has been made is there already. */
int nic_interface_move_in(struct nic_interface *interface, struct thole_error *err);
