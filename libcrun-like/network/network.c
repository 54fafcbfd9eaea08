/* SPDX-License-Identifier: Apache-2.0 */
/* Network devices of a container: loopback, and host devices moved in. */
#include "network/network.h"

#include <fcntl.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "sys/netlink.h"

/* Of an address, what somebody configured; the rest is the kernel's own book-keeping. */
#define CONFIGURED_FLAGS                                                            \
    (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | \
     IFA_F_MCAUTOJOIN)

enum { ADDRESS_PROTOCOL = 11 }; /* IFA_PROTO of Linux 5.18 */

static const uint16_t address_attributes[] = {
    IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_RT_PRIORITY, ADDRESS_PROTOCOL,
};

/* A side of the move: a netlink socket that belongs to the namespace, and the namespace. */
struct side {
    int netlink;
    int netns;
};

struct device {
    const struct plan_net_device *plan;
    int index;      /* where it is now */
    unsigned flags; /* IFF_* on the host */
    struct text addresses;
};

struct move {
    struct side host;
    struct side container;
    struct device *devices;
    size_t count; /* moved so far */
};

int network_loopback_up(struct thole_error *err) {
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return error_errno(err, NULL, "bring the loopback device up");
    return 0;
}

/* ---- links ---- */

/* Index and flags of a device by name; -1 with errno set. */
static int find_link(int netlink, const char *name, unsigned *ret_flags, const char *where,
                     struct thole_error *err) {
    const struct ifinfomsg header = {.ifi_family = AF_UNSPEC};
    struct sys_netlink_message message;
    struct sys_netlink_message reply;
    char what[64];
    (void)snprintf(what, sizeof(what), "find network device %.*s", IFNAMSIZ, name);
    sys_netlink_start(&message, RTM_GETLINK, 0, &header, sizeof(header));
    sys_netlink_add_string(&message, IFLA_IFNAME, name);
    /* Long and not wanted. */
    sys_netlink_add_u32(&message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    if (sys_netlink_request(netlink, &message, &reply, where, what, err) < 0)
        return -1;
    const struct ifinfomsg *link = sys_netlink_payload(&reply.header);
    if (ret_flags != NULL)
        *ret_flags = link->ifi_flags;
    return link->ifi_index;
}

/* One change of a device: @name and @netns (-1: none) are optional. */
static int change_link(int netlink, int index, unsigned flags, const char *name, int netns,
                       const char *where, const char *what, struct thole_error *err) {
    const struct ifinfomsg header = {
        .ifi_family = AF_UNSPEC,
        .ifi_index = index,
        .ifi_flags = flags,
        .ifi_change = flags,
    };
    struct sys_netlink_message message;
    sys_netlink_start(&message, RTM_NEWLINK, 0, &header, sizeof(header));
    if (netns >= 0)
        sys_netlink_add_u32(&message, IFLA_NET_NS_FD, (uint32_t)netns);
    if (name != NULL)
        sys_netlink_add_string(&message, IFLA_IFNAME, name);
    return sys_netlink_request(netlink, &message, NULL, where, what, err);
}

/* ---- addresses ---- */

static uint32_t address_flags(const struct nlmsghdr *message) {
    const struct ifaddrmsg *address = sys_netlink_payload(message);
    const struct rtattr *flags = sys_netlink_find(message, sizeof(*address), IFA_FLAGS);
    uint32_t value = address->ifa_flags;
    if (flags != NULL && RTA_PAYLOAD(flags) >= sizeof(value))
        memcpy(&value, sys_netlink_value(flags), sizeof(value));
    return value;
}

static int save_addresses(const struct side *side, struct device *device, struct thole_error *err) {
    const struct ifaddrmsg header = {.ifa_index = (uint32_t)device->index};
    struct sys_netlink_message message;
    sys_netlink_start(&message, RTM_GETADDR, 0, &header, sizeof(header));
    return sys_netlink_dump(side->netlink, &message, &device->addresses, "list network addresses",
                            err);
}

static int add_address(const struct side *side, const struct device *device,
                       const struct nlmsghdr *saved, struct thole_error *err) {
    struct ifaddrmsg header;
    memcpy(&header, sys_netlink_payload(saved), sizeof(header));
    header.ifa_index = (uint32_t)device->index;
    header.ifa_flags = 0;
    struct sys_netlink_message message;
    sys_netlink_start(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
    for (size_t i = 0; i < sizeof(address_attributes) / sizeof(address_attributes[0]); i++) {
        const struct rtattr *attribute =
            sys_netlink_find(saved, sizeof(header), address_attributes[i]);
        if (attribute != NULL)
            sys_netlink_add(&message, address_attributes[i], sys_netlink_value(attribute),
                            RTA_PAYLOAD(attribute));
    }
    sys_netlink_add_u32(&message, IFA_FLAGS, address_flags(saved) & CONFIGURED_FLAGS);
    char what[96];
    (void)snprintf(what, sizeof(what), "keep an %s address of network device %.*s",
                   header.ifa_family == AF_INET6 ? "IPv6" : "IPv4", IFNAMSIZ,
                   device->plan->host_name);
    if (sys_netlink_request(side->netlink, &message, NULL, device->plan->where, what, err) == 0 ||
        errno == EEXIST)
        return 0;
    return -1;
}

/* Gives back the permanent global addresses, which a change of namespace removes. */
static int restore_addresses(const struct side *side, const struct device *device,
                             struct thole_error *err) {
    const struct nlmsghdr *saved;
    size_t offset = 0;
    while ((saved = sys_netlink_next(&device->addresses, &offset)) != NULL) {
        const struct ifaddrmsg *address = sys_netlink_payload(saved);
        if (saved->nlmsg_type == RTM_NEWADDR && address->ifa_scope == RT_SCOPE_UNIVERSE &&
            (address_flags(saved) & IFA_F_PERMANENT) != 0 &&
            add_address(side, device, saved, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the move ---- */

/* Opens a netlink socket in @netns. Only the calling thread is there for a moment. */
static int open_side(int netns, int own_netns, struct side *ret_side, struct thole_error *err) {
    if (setns(netns, CLONE_NEWNET) < 0)
        return error_errno(err, NULL, "enter the container's network namespace");
    int netlink = sys_netlink_open(err);
    if (setns(own_netns, CLONE_NEWNET) < 0) {
        cleanup_close_fd(&netlink);
        return error_errno(err, NULL, "return to the runtime's network namespace");
    }
    if (netlink < 0)
        return -1;
    *ret_side = (struct side){.netlink = netlink, .netns = netns};
    return 0;
}

static const char *wanted_name(const struct plan_net_device *plan) {
    return plan->name[0] != '\0' ? plan->name : plan->host_name;
}

/* The kernel settles races; this one only words the common case before anything has moved. */
static int check_name(const struct move *move, const struct plan_net_device *plan,
                      struct thole_error *err) {
    const char *name = wanted_name(plan);
    if (strlen(name) >= IFNAMSIZ)
        return error_config(err, plan->where, "network device name %s is longer than %d", name,
                            IFNAMSIZ - 1);
    if (strchr(name, '%') != NULL)
        return 0;
    struct thole_error failure = {0};
    if (find_link(move->container.netlink, name, NULL, plan->where, &failure) >= 0)
        return error_set(err, THOLE_ERROR_CONFIG, EEXIST, plan->where,
                         "network device %s in the container", name);
    if (failure.code == ENODEV)
        return 0;
    return error_copy(err, &failure);
}

/* Puts the device, now on @from, to @to; it is down afterwards. A name nobody else has carries it
 * over, since both its own name and its index may be taken on the other side. */
static int carry_over(const struct side *from, const struct side *to, struct device *device,
                      struct thole_error *err) {
    char passage[IFNAMSIZ];
    char what[64];
    (void)snprintf(passage, sizeof(passage), "t%x-%x", (unsigned)getpid(),
                   (unsigned)device->index & 0xffff);
    (void)snprintf(what, sizeof(what), "move network device %.*s", IFNAMSIZ,
                   device->plan->host_name);
    if (change_link(from->netlink, device->index, 0, passage, to->netns, device->plan->where, what,
                    err) < 0)
        return -1;
    int index = find_link(to->netlink, passage, NULL, device->plan->where, err);
    if (index < 0)
        return -1;
    device->index = index;
    return 0;
}

static int rename_device(const struct side *side, const struct device *device, const char *name,
                         struct thole_error *err) {
    char what[96];
    (void)snprintf(what, sizeof(what), "rename network device %.*s to %.*s", IFNAMSIZ,
                   device->plan->host_name, IFNAMSIZ, name);
    return change_link(side->netlink, device->index, 0, name, -1, device->plan->where, what, err);
}

static int set_up(const struct side *side, const struct device *device, struct thole_error *err) {
    char what[64];
    (void)snprintf(what, sizeof(what), "bring network device %.*s up", IFNAMSIZ,
                   wanted_name(device->plan));
    return change_link(side->netlink, device->index, IFF_UP, NULL, -1, device->plan->where, what,
                       err);
}

/* As it was before, as far as possible: the error being reported is another one. */
static void move_back(struct move *move) {
    while (move->count > 0) {
        struct device *device = &move->devices[--move->count];
        if (carry_over(&move->container, &move->host, device, NULL) < 0)
            continue;
        (void)rename_device(&move->host, device, device->plan->host_name, NULL);
        (void)restore_addresses(&move->host, device, NULL);
        if ((device->flags & IFF_UP) != 0)
            (void)set_up(&move->host, device, NULL);
    }
}

static int move_device(struct move *move, const struct plan_net_device *plan,
                       struct thole_error *err) {
    struct device *device = &move->devices[move->count];
    device->plan = plan;
    if (check_name(move, plan, err) < 0)
        return -1;
    device->index =
        find_link(move->host.netlink, plan->host_name, &device->flags, plan->where, err);
    if (device->index < 0 || save_addresses(&move->host, device, err) < 0)
        return -1;
    if (carry_over(&move->host, &move->container, device, err) < 0)
        return -1;
    move->count++; /* from here on it is brought back when anything fails */
    if (rename_device(&move->container, device, wanted_name(plan), err) < 0 ||
        restore_addresses(&move->container, device, err) < 0)
        return -1;
    return set_up(&move->container, device, err);
}

static void move_done(struct move *move, size_t count) {
    for (size_t i = 0; i < count; i++)
        text_done(&move->devices[i].addresses);
    free(move->devices);
    cleanup_close_fd(&move->host.netlink);
    cleanup_close_fd(&move->container.netlink);
}

int network_move_devices(const struct plan_net_device *devices, size_t count, int netns_fd,
                         struct thole_error *err) {
    if (count == 0)
        return 0;
    cleanup_close int own_netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (own_netns < 0)
        return error_errno(err, NULL, "open the runtime's network namespace");
    struct move move = {
        .host = {.netlink = -1, .netns = own_netns},
        .container = {.netlink = -1},
        .devices = calloc(count, sizeof(struct device)),
    };
    if (move.devices == NULL)
        return error_errno(err, NULL, "move network devices");
    move.host.netlink = sys_netlink_open(err);
    int result = move.host.netlink >= 0 ? 0 : -1;
    if (result == 0)
        result = open_side(netns_fd, own_netns, &move.container, err);
    for (size_t i = 0; i < count && result == 0; i++)
        result = move_device(&move, &devices[i], err);
    if (result < 0)
        move_back(&move);
    move_done(&move, count);
    return result;
}
