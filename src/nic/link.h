/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces by netlink: what one is, and one change of one each. @where is the setting that asked
 * for it, or NULL. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "nic/settings.h"
#include "nic/side.h"

struct nic_link_facts {
    int index;
    char name[IFNAMSIZ];
    char kind[IFNAMSIZ]; /* "bridge", "veth" ..., or "" */
    unsigned mtu;
    uint8_t hwaddr[NIC_HWADDR_LENGTH];
};

/** Looks for the interface @name: 1, 0 if there is none, -1 after an error. */
int nic_link_look(struct nic_side *side, const char *name, struct nic_link_facts *ret_facts,
                  const char *where, struct thole_error *err);

/** The same by its number. */
int nic_link_look_index(struct nic_side *side, int index, struct nic_link_facts *ret_facts,
                        struct thole_error *err);

/** The same for one that has to be there. */
int nic_link_find(struct nic_side *side, const char *name, struct nic_link_facts *ret_facts,
                  const char *where, struct thole_error *err);

int nic_link_set_name(struct nic_side *side, int index, const char *name, const char *where,
                      struct thole_error *err);
int nic_link_set_up(struct nic_side *side, int index, const char *where, struct thole_error *err);
int nic_link_set_mtu(struct nic_side *side, int index, unsigned mtu, const char *where,
                     struct thole_error *err);
int nic_link_set_hwaddr(struct nic_side *side, int index, const uint8_t *hwaddr, const char *where,
                        struct thole_error *err);
int nic_link_set_master(struct nic_side *side, int index, const struct nic_link_facts *master,
                        const char *where, struct thole_error *err);
int nic_link_delete(struct nic_side *side, int index, struct thole_error *err);

/**
 * Carries the interface, which is down afterwards, to the namespace of @to, where it is called
 * @name. Returns its number there; after an error it is where it was, as far as that is possible.
 */
int nic_link_move(struct nic_side *from, const struct nic_link_facts *link, struct nic_side *to,
                  const char *name, const char *where, struct thole_error *err);

/** Writes the first of eth0, eth1 ... that is free to @name. */
int nic_link_free_name(struct nic_side *side, char name[IFNAMSIZ], struct thole_error *err);

/** Digits of lxc.net.N.hwaddr as bytes, with random ones for each x; never a multicast address. */
int nic_link_expand_hwaddr(const char *digits, uint8_t *ret_hwaddr, struct thole_error *err);
