/* SPDX-License-Identifier: Apache-2.0 */
/* Cleanup attributes for what libnl-route hands out; each allows NULL. */
#pragma once

#include <netlink/cache.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/route.h>

#define NIC_NETLINK_CLEANUP(name, type, release)           \
    static inline void cleanup_nl_##name(type **pointer) { \
        if (*pointer != NULL)                              \
            release(*pointer);                             \
    }

NIC_NETLINK_CLEANUP(cache_of, struct nl_cache, nl_cache_free)
NIC_NETLINK_CLEANUP(link_of, struct rtnl_link, rtnl_link_put)
NIC_NETLINK_CLEANUP(address_of, struct nl_addr, nl_addr_put)
NIC_NETLINK_CLEANUP(ifaddr_of, struct rtnl_addr, rtnl_addr_put)
NIC_NETLINK_CLEANUP(route_of, struct rtnl_route, rtnl_route_put)
NIC_NETLINK_CLEANUP(neighbour_of, struct rtnl_neigh, rtnl_neigh_put)
NIC_NETLINK_CLEANUP(message_of, struct nl_msg, nlmsg_free)

#define cleanup_nl_cache __attribute__((cleanup(cleanup_nl_cache_of)))
#define cleanup_nl_link __attribute__((cleanup(cleanup_nl_link_of)))
#define cleanup_nl_address __attribute__((cleanup(cleanup_nl_address_of)))
#define cleanup_nl_ifaddr __attribute__((cleanup(cleanup_nl_ifaddr_of)))
#define cleanup_nl_route __attribute__((cleanup(cleanup_nl_route_of)))
#define cleanup_nl_neighbour __attribute__((cleanup(cleanup_nl_neighbour_of)))
#define cleanup_nl_message __attribute__((cleanup(cleanup_nl_message_of)))

/** @pointer, which libnl made: without memory there is nothing to go on with. */
#define nl_made(pointer)                       \
    ({                                         \
        __typeof__(pointer) made_ = (pointer); \
        if (made_ == NULL)                     \
            abort();                           \
        made_;                                 \
    })
