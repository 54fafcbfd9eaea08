/* SPDX-License-Identifier: Apache-2.0 */
/* What a running container has of a network, asked of the kernel: so it holds for containers of
 * every kind. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/** An interface inside, other than the loopback device. Strings are malloc'ed. */
struct nic_link {
    char *name;
    char
        *host_name; /* the host's end of a veth, the parent of a macvlan, ipvlan or vlan; or NULL */
    uint64_t received; /* bytes, as the container counts them */
    uint64_t sent;
};
struct nic_links {
    struct nic_link *items;
    size_t count;
};

/** One address. Strings are malloc'ed. */
struct nic_address {
    char *link; /* its interface */
    int family; /* AF_INET or AF_INET6 */
    char *text; /* "10.0.3.5", "fd00::5" */
};
struct nic_addresses {
    struct nic_address *items;
    size_t count;
};

/**
 * The interfaces of process @pid, in the kernel's order; none if it is in the caller's own network
 * namespace. Kind NOT_FOUND if there is no such process, here and below.
 */
int nic_network_links(pid_t pid, struct nic_links *ret_links, struct thole_error *err);

/**
 * The addresses it can be reached by, sorted as lxc-info has them: not those of the loopback
 * device, and no link-local ones of IPv6.
 */
int nic_network_addresses(pid_t pid, struct nic_addresses *ret_addresses, struct thole_error *err);

void nic_links_done(struct nic_links *links);
void nic_addresses_done(struct nic_addresses *addresses);
#define cleanup_nic_links __attribute__((cleanup(nic_links_done)))
#define cleanup_nic_addresses __attribute__((cleanup(nic_addresses_done)))
