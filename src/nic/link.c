/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces by netlink. */
#include "nic/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "nic/netlink.h"

enum { NAMES_TRIED_MAX = 4096 };

/* ---- looking ---- */

static void fill_in(struct rtnl_link *link, struct nic_link_facts *facts) {
    const char *kind = rtnl_link_get_type(link);
    struct nl_addr *hwaddr = rtnl_link_get_addr(link);
    *facts = (struct nic_link_facts){
        .index = rtnl_link_get_ifindex(link),
        .mtu = rtnl_link_get_mtu(link),
    };
    (void)snprintf(facts->name, sizeof(facts->name), "%s", rtnl_link_get_name(link));
    (void)snprintf(facts->kind, sizeof(facts->kind), "%s", kind != NULL ? kind : "");
    if (hwaddr != NULL && nl_addr_get_len(hwaddr) == sizeof(facts->hwaddr))
        memcpy(facts->hwaddr, nl_addr_get_binary_addr(hwaddr), sizeof(facts->hwaddr));
}

/* By @name, or by @index if that is NULL. */
static int look(struct nic_side *side, int index, const char *name,
                struct nic_link_facts *ret_facts, const char *where, struct thole_error *err) {
    cleanup_nl_link struct rtnl_link *link = NULL;
    int result = rtnl_link_get_kernel(side->socket, index, name, &link);
    if (result < 0 && nic_side_refused(side, result, ENODEV))
        return 0;
    if (result < 0)
        return nic_side_error(side, result, err, where, "find interface %s", name);
    fill_in(link, ret_facts);
    return 1;
}

int nic_link_look(struct nic_side *side, const char *name, struct nic_link_facts *ret_facts,
                  const char *where, struct thole_error *err) {
    return look(side, 0, name, ret_facts, where, err);
}

int nic_link_look_index(struct nic_side *side, int index, struct nic_link_facts *ret_facts,
                        struct thole_error *err) {
    return look(side, index, NULL, ret_facts, NULL, err);
}

int nic_link_find(struct nic_side *side, const char *name, struct nic_link_facts *ret_facts,
                  const char *where, struct thole_error *err) {
    int found = nic_link_look(side, name, ret_facts, where, err);
    if (found == 0)
        return error_config(err, where, "there is no interface %s", name);
    return found < 0 ? -1 : 0;
}

int nic_link_free_name(struct nic_side *side, char name[IFNAMSIZ], struct thole_error *err) {
    struct nic_link_facts facts;
    for (unsigned i = 0; i < NAMES_TRIED_MAX; i++) {
        (void)snprintf(name, IFNAMSIZ, "eth%u", i);
        int found = nic_link_look(side, name, &facts, NULL, err);
        if (found <= 0)
            return found;
    }
    return error_set(err, THOLE_ERROR_HOST, 0, NULL, "all names from eth0 to %s are taken", name);
}

/* ---- changing ---- */

static int change(struct nic_side *side, int index, struct rtnl_link *changes) {
    cleanup_nl_link struct rtnl_link *which = nl_made(rtnl_link_alloc());
    rtnl_link_set_ifindex(which, index);
    return rtnl_link_change(side->socket, which, changes, 0);
}

int nic_link_set_name(struct nic_side *side, int index, const char *name, const char *where,
                      struct thole_error *err) {
    cleanup_nl_link struct rtnl_link *changes = nl_made(rtnl_link_alloc());
    rtnl_link_set_name(changes, name);
    int result = change(side, index, changes);
    return result < 0 ? nic_side_error(side, result, err, where, "call an interface %s", name) : 0;
}

int nic_link_set_up(struct nic_side *side, int index, const char *where, struct thole_error *err) {
    cleanup_nl_link struct rtnl_link *changes = nl_made(rtnl_link_alloc());
    rtnl_link_set_flags(changes, IFF_UP);
    int result = change(side, index, changes);
    return result < 0 ? nic_side_error(side, result, err, where, "bring the interface up") : 0;
}

int nic_link_set_mtu(struct nic_side *side, int index, unsigned mtu, const char *where,
                     struct thole_error *err) {
    cleanup_nl_link struct rtnl_link *changes = nl_made(rtnl_link_alloc());
    rtnl_link_set_mtu(changes, mtu);
    int result = change(side, index, changes);
    return result < 0 ? nic_side_error(side, result, err, where, "set the MTU to %u", mtu) : 0;
}

int nic_link_set_hwaddr(struct nic_side *side, int index, const uint8_t *hwaddr, const char *where,
                        struct thole_error *err) {
    cleanup_nl_link struct rtnl_link *changes = nl_made(rtnl_link_alloc());
    cleanup_nl_address struct nl_addr *address =
        nl_made(nl_addr_build(AF_LLC, hwaddr, NIC_HWADDR_LENGTH));
    rtnl_link_set_addr(changes, address);
    int result = change(side, index, changes);
    return result < 0 ? nic_side_error(side, result, err, where, "set the hardware address") : 0;
}

int nic_link_set_master(struct nic_side *side, int index, const struct nic_link_facts *master,
                        const char *where, struct thole_error *err) {
    cleanup_nl_link struct rtnl_link *changes = nl_made(rtnl_link_alloc());
    rtnl_link_set_master(changes, master->index);
    int result = change(side, index, changes);
    return result < 0
               ? nic_side_error(side, result, err, where, "make it a port of %s", master->name)
               : 0;
}

int nic_link_delete(struct nic_side *side, int index, struct thole_error *err) {
    cleanup_nl_link struct rtnl_link *which = nl_made(rtnl_link_alloc());
    rtnl_link_set_ifindex(which, index);
    int result = rtnl_link_delete(side->socket, which);
    if (result < 0 && !nic_side_refused(side, result, ENODEV))
        return nic_side_error(side, result, err, NULL, "delete interface %d", index);
    return 0;
}

/* Under a name nobody has, since both its own name and its number may be taken on the other side.
 */
static int carry(struct nic_side *from, const struct nic_link_facts *link, struct nic_side *to,
                 struct nic_link_facts *ret_there, const char *where, struct thole_error *err) {
    char passage[IFNAMSIZ];
    cleanup_nl_link struct rtnl_link *changes = nl_made(rtnl_link_alloc());
    (void)snprintf(passage, sizeof(passage), "t%x-%x", (unsigned)getpid(),
                   (unsigned)link->index & 0xffff);
    rtnl_link_set_name(changes, passage);
    rtnl_link_set_ns_fd(changes, to->namespace_fd);
    int result = change(from, link->index, changes);
    if (result < 0)
        return nic_side_error(from, result, err, where, "move interface %s", link->name);
    return nic_link_find(to, passage, ret_there, where, err);
}

int nic_link_move(struct nic_side *from, const struct nic_link_facts *link, struct nic_side *to,
                  const char *name, const char *where, struct thole_error *err) {
    struct nic_link_facts there = {0};
    struct nic_link_facts back = {0};
    if (carry(from, link, to, &there, where, err) < 0)
        return -1;
    if (nic_link_set_name(to, there.index, name, where, err) == 0)
        return there.index;
    if (carry(to, &there, from, &back, where, NULL) == 0)
        (void)nic_link_set_name(from, back.index, link->name, where, NULL);
    return -1;
}

/* ---- hardware addresses ---- */

int nic_link_expand_hwaddr(const char *digits, uint8_t *ret_hwaddr, struct thole_error *err) {
    uint8_t random[NIC_HWADDR_DIGITS];
    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return error_errno(err, NULL, "get random numbers");
    for (size_t i = 0; i < NIC_HWADDR_DIGITS; i++) {
        char digit[2] = {digits[i], '\0'};
        unsigned value = digits[i] != 'x' ? (unsigned)strtoul(digit, NULL, 16) : random[i] & 0xf;
        if (i == 1)
            value &= ~1U;
        ret_hwaddr[i / 2] = (uint8_t)(ret_hwaddr[i / 2] << 4 | value);
    }
    return 0;
}
