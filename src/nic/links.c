/* SPDX-License-Identifier: Apache-2.0 */
/* Interfaces and addresses of a container, with the other ends of them on the host. */
#include "nic/links.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/net_namespace.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "nic/netlink.h"
#include "nic/side.h"

enum { NO_ID = -1 };

static char *copy(const char *string) {
    char *made = strdup(string);
    if (made == NULL)
        abort();
    return made;
}

/* One more, zeroed. */
static void *grow(void *items, size_t *count, size_t size) {
    char *grown = reallocarray(items, *count + 1, size);
    if (grown == NULL)
        abort();
    memset(grown + *count * size, 0, size);
    (*count)++;
    return grown;
}

static int open_process(pid_t pid, struct nic_side **ret_side, struct thole_error *err) {
    if (nic_side_open_process(pid, ret_side, err) == 0)
        return 0;
    if (err != NULL && (err->code == ENOENT || err->code == ESRCH))
        err->kind = THOLE_ERROR_NOT_FOUND;
    return -1;
}

/* ---- the other end ---- */

static int take_namespace_id(struct nl_msg *message, void *argument) {
    struct nlmsghdr *header = nlmsg_hdr(message);
    const struct nlattr *id = nlmsg_find_attr(header, sizeof(struct rtgenmsg), NETNSA_NSID);
    if (header->nlmsg_type == RTM_NEWNSID && id != NULL)
        *(int *)argument = nla_get_s32(id);
    return NL_OK;
}

/* The number by which @side knows the namespace of @other; NO_ID: none (RTM_GETNSID). */
static int namespace_id(struct nic_side *side, const struct nic_side *other, int *ret_id,
                        struct thole_error *err) {
    struct rtgenmsg header = {.rtgen_family = AF_UNSPEC};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_GETNSID, NLM_F_REQUEST);
    *ret_id = NO_ID;
    if (message == NULL || nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
        nla_put_u32(message, NETNSA_FD, (uint32_t)other->namespace_fd) < 0)
        abort();
    int result = nic_side_ask(side, message, take_namespace_id, ret_id);
    if (result < 0)
        return nic_side_error(side, result, err, NULL, "ask for a network namespace's number");
    return 0;
}

/* The two namespaces, and how each calls the other one. */
struct view {
    struct nic_side *inside;
    struct nic_side *host;
    int host_id;
    int inside_id;
};

static bool is_veth(struct rtnl_link *link) {
    const char *type = rtnl_link_get_type(link);
    return type != NULL && strcmp(type, "veth") == 0;
}

/* A link whose other end lies in the namespace called @id. */
static bool leads_to(struct rtnl_link *link, int id) {
    int32_t found = NO_ID;
    return id != NO_ID && rtnl_link_get_link(link) > 0 &&
           rtnl_link_get_link_netnsid(link, &found) == 0 && found == id;
}

/* The name on the host, or NULL. A veth that was replaced in between is not taken for it. */
static char *host_name(const struct view *view, struct rtnl_link *link) {
    cleanup_nl_link struct rtnl_link *other = NULL;
    if (!leads_to(link, view->host_id) ||
        rtnl_link_get_kernel(view->host->socket, rtnl_link_get_link(link), NULL, &other) < 0)
        return NULL;
    if (is_veth(link) && (!leads_to(other, view->inside_id) ||
                          rtnl_link_get_link(other) != rtnl_link_get_ifindex(link)))
        return NULL;
    return copy(rtnl_link_get_name(other));
}

/* ---- interfaces ---- */

static bool is_loopback(struct rtnl_link *link) {
    return (rtnl_link_get_flags(link) & IFF_LOOPBACK) != 0;
}

static void add_link(struct nic_links *links, const struct view *view, struct rtnl_link *link) {
    links->items = grow(links->items, &links->count, sizeof(*links->items));
    links->items[links->count - 1] = (struct nic_link){
        .name = copy(rtnl_link_get_name(link)),
        .host_name = host_name(view, link),
        .received = rtnl_link_get_stat(link, RTNL_LINK_RX_BYTES),
        .sent = rtnl_link_get_stat(link, RTNL_LINK_TX_BYTES),
    };
}

int nic_network_links(pid_t pid, struct nic_links *ret_links, struct thole_error *err) {
    cleanup_nic_side struct nic_side *host = NULL;
    cleanup_nic_side struct nic_side *inside = NULL;
    cleanup_nl_cache struct nl_cache *cache = NULL;
    struct view view = {0};
    *ret_links = (struct nic_links){0};
    if (open_process(pid, &inside, err) < 0 || nic_side_open_own(&host, err) < 0)
        return -1;
    int same = nic_side_is_same(inside, host, err);
    if (same != 0)
        return same < 0 ? -1 : 0;
    view.host = host;
    view.inside = inside;
    if (namespace_id(inside, host, &view.host_id, err) < 0 ||
        namespace_id(host, inside, &view.inside_id, err) < 0)
        return -1;
    int result = rtnl_link_alloc_cache(inside->socket, AF_UNSPEC, &cache);
    if (result < 0)
        return nic_side_error(inside, result, err, NULL, "list network interfaces");
    for (struct nl_object *object = nl_cache_get_first(cache); object != NULL;
         object = nl_cache_get_next(object)) {
        struct rtnl_link *link = (struct rtnl_link *)object;
        if (!is_loopback(link))
            add_link(ret_links, &view, link);
    }
    return 0;
}

void nic_links_done(struct nic_links *links) {
    for (size_t i = 0; i < links->count; i++) {
        free(links->items[i].name);
        free(links->items[i].host_name);
    }
    free(links->items);
    *links = (struct nic_links){0};
}

/* ---- addresses ---- */

static void add_address(struct nic_addresses *addresses, struct nl_cache *links,
                        struct rtnl_addr *address) {
    char text[INET6_ADDRSTRLEN];
    const struct nl_addr *local = rtnl_addr_get_local(address);
    cleanup_nl_link struct rtnl_link *link = rtnl_link_get(links, rtnl_addr_get_ifindex(address));
    int family = rtnl_addr_get_family(address);
    if (link == NULL || is_loopback(link) || local == NULL ||
        rtnl_addr_get_scope(address) == RT_SCOPE_LINK ||
        inet_ntop(family, nl_addr_get_binary_addr(local), text, sizeof(text)) == NULL)
        return;
    addresses->items = grow(addresses->items, &addresses->count, sizeof(*addresses->items));
    addresses->items[addresses->count - 1] = (struct nic_address){
        .link = copy(rtnl_link_get_name(link)),
        .family = family,
        .text = copy(text),
    };
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct nic_address *)a)->text, ((const struct nic_address *)b)->text);
}

int nic_network_addresses(pid_t pid, struct nic_addresses *ret_addresses, struct thole_error *err) {
    cleanup_nic_side struct nic_side *inside = NULL;
    cleanup_nl_cache struct nl_cache *links = NULL;
    cleanup_nl_cache struct nl_cache *cache = NULL;
    *ret_addresses = (struct nic_addresses){0};
    if (open_process(pid, &inside, err) < 0)
        return -1;
    int result = rtnl_link_alloc_cache(inside->socket, AF_UNSPEC, &links);
    if (result >= 0)
        result = rtnl_addr_alloc_cache(inside->socket, &cache);
    if (result < 0)
        return nic_side_error(inside, result, err, NULL, "list network addresses");
    for (struct nl_object *object = nl_cache_get_first(cache); object != NULL;
         object = nl_cache_get_next(object))
        add_address(ret_addresses, links, (struct rtnl_addr *)object);
    if (ret_addresses->count > 1)
        qsort(ret_addresses->items, ret_addresses->count, sizeof(*ret_addresses->items), compare);
    return 0;
}

void nic_addresses_done(struct nic_addresses *addresses) {
    for (size_t i = 0; i < addresses->count; i++) {
        free(addresses->items[i].link);
        free(addresses->items[i].text);
    }
    free(addresses->items);
    *addresses = (struct nic_addresses){0};
}
