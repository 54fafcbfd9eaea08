/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces by netlink: what one is, and one change of one each. @where is the setting that asked
 * for it, or NULL. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "lxc/network/settings.h"
#include "lxc/network/side.h"

struct lxc_link_facts {
    int index;
    char name[IFNAMSIZ];
    char kind[IFNAMSIZ]; /* "bridge", "veth" ..., or "" */
    unsigned mtu;
    uint8_t hwaddr[LXC_HWADDR_LENGTH];
};

/** Looks for the interface @name: 1, 0 if there is none, -1 after an error. */
int lxc_link_look(struct lxc_side *side, const char *name, struct lxc_link_facts *ret_facts,
                  const char *where, struct thole_error *err);

/** The same by its number. */
int lxc_link_look_index(struct lxc_side *side, int index, struct lxc_link_facts *ret_facts,
                        struct thole_error *err);

/** The same for one that has to be there. */
int lxc_link_find(struct lxc_side *side, const char *name, struct lxc_link_facts *ret_facts,
                  const char *where, struct thole_error *err);

int lxc_link_set_name(struct lxc_side *side, int index, const char *name, const char *where,
                      struct thole_error *err);
int lxc_link_set_up(struct lxc_side *side, int index, const char *where, struct thole_error *err);
int lxc_link_set_mtu(struct lxc_side *side, int index, unsigned mtu, const char *where,
                     struct thole_error *err);
int lxc_link_set_hwaddr(struct lxc_side *side, int index, const uint8_t *hwaddr, const char *where,
                        struct thole_error *err);
int lxc_link_set_master(struct lxc_side *side, int index, const struct lxc_link_facts *master,
                        const char *where, struct thole_error *err);
int lxc_link_delete(struct lxc_side *side, int index, struct thole_error *err);

/**
 * Carries the interface, which is down afterwards, to the namespace of @to, where it is called
 * @name. Returns its number there; after an error it is where it was, as far as that is possible.
 */
int lxc_link_move(struct lxc_side *from, const struct lxc_link_facts *link, struct lxc_side *to,
                  const char *name, const char *where, struct thole_error *err);

/** Writes the first of eth0, eth1 ... that is free to @name. */
int lxc_link_free_name(struct lxc_side *side, char name[IFNAMSIZ], struct thole_error *err);

/** Digits of lxc.net.N.hwaddr as bytes, with random ones for each x; never a multicast address. */
int lxc_link_expand_hwaddr(const char *digits, uint8_t *ret_hwaddr, struct thole_error *err);
