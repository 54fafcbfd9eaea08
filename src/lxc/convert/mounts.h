/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts of a conversion: the parts. */
#pragma once

#include "lxc/convert/conversion.h"

/** Adds a mount with a NULL-terminated list of options; it stays valid until the next is added. */
struct oci_mount *lxc_mount_add(struct lxc_conversion *conversion, const char *destination,
                                const char *type, const char *source, const char *const *options);

/** Adds the lines of lxc.mount.fstab, then those of lxc.mount.entry. */
int lxc_mount_entries(struct lxc_conversion *conversion, struct thole_error *err);

/** What the words of lxc.mount.auto come to; NULL: not asked for. */
struct lxc_mount_auto {
    const char *proc;        /* "mixed" or "rw" */
    const char *sys;         /* "mixed", "ro" or "rw" */
    const char *cgroup;      /* "mixed", "ro" or "rw" */
    bool cgroup_full;        /* the whole hierarchies, not the container's part */
    bool cgroup_force;       /* even with a cgroup namespace */
    const char *shared_from; /* shmounts: directory of the host ... */
    const char *shared_to;   /* ... and its place in the container */
    const char *where;
};

/** Reads lxc.mount.auto; each word wins over earlier ones about the same. */
int lxc_mount_auto_read(struct lxc_conversion *conversion, struct lxc_mount_auto *ret_automatic,
                        struct thole_error *err);
void lxc_mount_auto_add(struct lxc_conversion *conversion, const struct lxc_mount_auto *automatic);
int lxc_mount_auto_add_cgroup(struct lxc_conversion *conversion,
                              const struct lxc_mount_auto *automatic, struct thole_error *err);
