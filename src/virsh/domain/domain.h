/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain of libvirt's LXC driver as the table in xml/rows.c reads it: what has a meaning to a
 * container. The document itself stays beside it, with everything that is only kept.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/** One element's text, or one attribute. */
struct domain_value {
    const char *text;  /* NULL: it is not there */
    uint64_t number;   /* of numbers, of sizes in bytes, of words by their list */
    const char *where; /* "FILE:LINE: /domain/memory" */
};

#define DOMAIN_LIST(type) \
    struct {              \
        type *items;      \
        size_t count;     \
    }

/** A list of any kind: what all of them begin with. */
struct domain_list {
    void *items;
    size_t count;
};

/* on_poweroff, on_reboot, on_crash */
enum domain_action {
    DOMAIN_DESTROY,
    DOMAIN_RESTART,
    DOMAIN_PRESERVE,
    DOMAIN_RENAME_RESTART,
};

enum domain_clock { DOMAIN_CLOCK_UTC, DOMAIN_CLOCK_OTHER };

enum domain_policy { DOMAIN_POLICY_DEFAULT, DOMAIN_POLICY_ALLOW, DOMAIN_POLICY_DENY };

enum domain_share { DOMAIN_SHARE_NAME, DOMAIN_SHARE_PID, DOMAIN_SHARE_NETNS };

enum domain_filesystem_type {
    DOMAIN_FILESYSTEM_MOUNT,
    DOMAIN_FILESYSTEM_BIND,
    DOMAIN_FILESYSTEM_RAM,
    DOMAIN_FILESYSTEM_BLOCK,
    DOMAIN_FILESYSTEM_FILE,
    DOMAIN_FILESYSTEM_TEMPLATE,
};

enum domain_driver { DOMAIN_DRIVER_LOOP, DOMAIN_DRIVER_NBD, DOMAIN_DRIVER_PATH };

enum domain_interface_type {
    DOMAIN_INTERFACE_NETWORK,
    DOMAIN_INTERFACE_BRIDGE,
    DOMAIN_INTERFACE_DIRECT,
    DOMAIN_INTERFACE_ETHERNET,
};

enum domain_source_type { DOMAIN_SOURCE_BLOCK, DOMAIN_SOURCE_FILE };

enum domain_hostdev_mode { DOMAIN_HOSTDEV_CAPABILITIES, DOMAIN_HOSTDEV_SUBSYSTEM };
enum domain_hostdev_type {
    DOMAIN_HOSTDEV_NET,
    DOMAIN_HOSTDEV_STORAGE,
    DOMAIN_HOSTDEV_MISC,
    DOMAIN_HOSTDEV_USB,
};

enum domain_seclabel_type { DOMAIN_SECLABEL_DYNAMIC, DOMAIN_SECLABEL_STATIC, DOMAIN_SECLABEL_NONE };

/* Elements that may be there more than once. @where is the element's own. */
struct domain_word {
    const char *where;
    struct domain_value value;
};
typedef DOMAIN_LIST(struct domain_word) domain_words;

struct domain_variable {
    const char *where;
    struct domain_value name;
    struct domain_value value;
};

struct domain_id_map {
    const char *where;
    struct domain_value start;
    struct domain_value target;
    struct domain_value count;
};
typedef DOMAIN_LIST(struct domain_id_map) domain_id_maps;

struct domain_capability {
    const char *where;
    struct domain_value name; /* of the element: "mknod" */
    struct domain_value state;
};

struct domain_blkio_device {
    const char *where;
    struct domain_value path;
    struct domain_value weight;
    struct domain_value read_bytes;
    struct domain_value write_bytes;
    struct domain_value read_iops;
    struct domain_value write_iops;
};

struct domain_filesystem {
    const char *where;
    struct domain_value type; /* enum domain_filesystem_type */
    struct domain_value readonly;
    struct domain_value driver; /* enum domain_driver */
    struct domain_value format;
    struct domain_value source_dir;
    struct domain_value source_dev;
    struct domain_value source_file;
    struct domain_value source_usage;
    struct domain_value target;
};

struct domain_address {
    const char *where;
    struct domain_value family;
    struct domain_value address;
    struct domain_value prefix;
};
typedef DOMAIN_LIST(struct domain_address) domain_addresses;

struct domain_route {
    const char *where;
    struct domain_value family;
    struct domain_value address;
    struct domain_value prefix;
    struct domain_value gateway;
    struct domain_value netmask;
    struct domain_value metric;
};
typedef DOMAIN_LIST(struct domain_route) domain_routes;

struct domain_vlan_tag {
    const char *where;
    struct domain_value id;
};

struct domain_interface {
    const char *where;
    struct domain_value type; /* enum domain_interface_type */
    struct domain_value source_network;
    struct domain_value source_bridge;
    struct domain_value source_dev;
    struct domain_value source_mode;
    struct domain_value mac;
    struct domain_value target;
    struct domain_value guest;
    struct domain_value link_state;
    struct domain_value mtu;
    struct domain_value vlan_trunk;
    DOMAIN_LIST(struct domain_vlan_tag) vlans;
    domain_addresses addresses;
    domain_routes routes;
    domain_routes host_routes; /* of ethernet: source/route */
};

struct domain_hostdev {
    const char *where;
    struct domain_value mode; /* enum domain_hostdev_mode */
    struct domain_value type; /* enum domain_hostdev_type */
    struct domain_value interface;
    struct domain_value block;
    struct domain_value character;
    struct domain_value usb_bus;
    struct domain_value usb_device;
    struct domain_value usb_vendor;
    struct domain_value usb_product;
};

struct domain_disk {
    const char *where;
    struct domain_value type; /* enum domain_source_type */
    struct domain_value device;
    struct domain_value driver;
    struct domain_value format;
    struct domain_value source_dev;
    struct domain_value source_file;
    struct domain_value target;
    struct domain_value readonly;
};

struct domain_console {
    const char *where;
    struct domain_value type;
    struct domain_value target_type;
    struct domain_value target_port;
};

struct domain_seclabel {
    const char *where;
    struct domain_value type; /* enum domain_seclabel_type */
    struct domain_value model;
    struct domain_value relabel;
    struct domain_value label;
    struct domain_value base_label;
    struct domain_value image_label;
};

struct domain_shared_namespace {
    struct domain_value type; /* enum domain_share */
    struct domain_value value;
};

/** All of it. Strings and lists lie in the arena. */
struct domain {
    struct arena arena;
    struct domain_value type;
    struct domain_value name;
    struct domain_value uuid;

    struct domain_value memory;
    struct domain_value current_memory;
    struct domain_value hard_limit;
    struct domain_value soft_limit;
    struct domain_value swap_hard_limit;
    struct domain_value vcpus;
    struct domain_value vcpus_current;
    struct domain_value cpuset;
    struct domain_value shares;
    struct domain_value period;
    struct domain_value quota;
    struct domain_value global_period;
    struct domain_value global_quota;
    struct domain_value memory_mode;
    struct domain_value memory_nodes;
    struct domain_value blkio_weight;
    DOMAIN_LIST(struct domain_blkio_device) blkio_devices;
    struct domain_value partition;

    struct domain_value os_type;
    struct domain_value arch;
    struct domain_value init;
    domain_words init_arguments;
    DOMAIN_LIST(struct domain_variable) init_environment;
    struct domain_value init_directory;
    struct domain_value init_user;
    struct domain_value init_group;
    struct domain_value command_line;

    domain_id_maps uid_maps;
    domain_id_maps gid_maps;
    struct domain_value private_network;
    struct domain_value capability_policy; /* enum domain_policy */
    DOMAIN_LIST(struct domain_capability) capabilities;
    struct domain_value clock_offset; /* enum domain_clock */
    struct domain_value on_poweroff;  /* enum domain_action */
    struct domain_value on_reboot;
    struct domain_value on_crash;
    struct domain_shared_namespace share_network;
    struct domain_shared_namespace share_ipc;
    struct domain_shared_namespace share_uts;

    DOMAIN_LIST(struct domain_filesystem) filesystems;
    DOMAIN_LIST(struct domain_interface) interfaces;
    DOMAIN_LIST(struct domain_hostdev) hostdevs;
    DOMAIN_LIST(struct domain_disk) disks;
    DOMAIN_LIST(struct domain_console) consoles;
    DOMAIN_LIST(struct domain_seclabel) seclabels;

    domain_words warnings; /* what has no effect, and why: text is the reason */
};

void domain_done(struct domain *domain);
#define cleanup_domain __attribute__((cleanup(domain_done)))

/** Adds a zeroed element of @size bytes to @list, and returns it. */
void *domain_list_add(struct arena *arena, struct domain_list *list, size_t size)
    __attribute__((returns_nonnull));

/** "TEXT: where" of what has no effect. */
void domain_warn(struct domain *domain, const char *where, const char *why);
