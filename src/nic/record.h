/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has been made of a container's network, for whoever takes it down: a directory LXCPATH:NAME
 * (slashes as colons) with the settings, a line for each
 * interface, and, if devices of the host are inside or a script is to be run at the end, the
 * namespace.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "nic/settings.h"

/** What one interface has of the host. */
struct nic_made {
    unsigned index;        /* the N of lxc.net.N */
    char device[IFNAMSIZ]; /* veth: the host's end; phys: its name on the host; else "" */
    int number; /* veth: of the host's end; phys: inside, in a second line, once it is there; or 0
                 */
    uint8_t hwaddr[NIC_HWADDR_LENGTH];
    unsigned mtu;
};
struct nic_made_list {
    struct nic_made *items; /* malloc'ed */
    size_t count;
};

/** Where the record of a container is, in the directory of all; malloc'ed. */
char *nic_record_path(const char *records, const char *lxcpath, const char *name);

/** Opens it: 1, 0 if there is none, -1 after an error. */
int nic_record_open(const char *path, int *ret_directory, struct thole_error *err);

/** Makes it, with the text of the settings. */
int nic_record_create(const char *path, const char *settings, int *ret_directory,
                      struct thole_error *err);

/** Keeps the network namespace of process @pid in it. */
int nic_record_keep_namespace(int directory, pid_t pid, struct thole_error *err);

/** The namespace that was kept, or -1 after an error. */
int nic_record_namespace(int directory, struct thole_error *err);

/** Notes one interface more. */
int nic_record_add(int directory, const struct nic_made *made, struct thole_error *err);

/** Reads all of it. */
int nic_record_read(int directory, struct nic_networks *ret_networks,
                    struct nic_made_list *ret_list, struct thole_error *err);

/** Removes it, and lets the namespace go. */
int nic_record_remove(const char *path, struct thole_error *err);
