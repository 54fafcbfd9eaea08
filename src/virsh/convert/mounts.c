/* SPDX-License-Identifier: Apache-2.0 */
/* /proc, /sys and /dev as the driver makes them, and the filesystems of the domain on top. */
#include <linux/sched.h>

#include "virsh/convert/filesystems.h"

enum { PTS_GROUP = 5 };

/* A user namespace may mount a sysfs of its own network only. */
static void add_sys(struct virsh_conversion *conversion) {
    const bool own = (conversion->namespaces & CLONE_NEWUSER) == 0 ||
                     (conversion->namespaces & CLONE_NEWNET) != 0;
    if (own)
        (void)virsh_mount_add(conversion, "/sys", "sysfs", "sysfs",
                              (const char *const[]){"nosuid", "nodev", "noexec", "ro", NULL});
    else
        (void)virsh_mount_add(
            conversion, "/sys", "bind", "/sys",
            (const char *const[]){"rbind", "nosuid", "nodev", "noexec", "ro", NULL});
    if (conversion->host->selinux)
        oci_strings_add(conversion->arena, &conversion->oci->linux->readonly_paths,
                        "/sys/fs/selinux");
    (void)virsh_mount_add(conversion, "/sys/fs/cgroup", "cgroup", "cgroup",
                          (const char *const[]){"nosuid", "nodev", "noexec", NULL});
}

static void add_dev(struct virsh_conversion *conversion) {
    (void)virsh_mount_add(conversion, "/dev", "tmpfs", "devfs",
                          (const char *const[]){"nosuid", "mode=755", "size=64k", NULL});
    struct oci_mount *pts =
        virsh_mount_add(conversion, "/dev/pts", "devpts", "devpts",
                        (const char *const[]){"nosuid", "noexec", "newinstance", "ptmxmode=0666",
                                              "mode=0620", NULL});
    if (translate_maps_group(conversion->oci, PTS_GROUP))
        oci_strings_add(conversion->arena, &pts->options, "gid=5");
}

static void add_basic(struct virsh_conversion *conversion) {
    (void)virsh_mount_add(conversion, "/proc", "proc", "proc",
                          (const char *const[]){"nosuid", "nodev", "noexec", NULL});
    oci_strings_add(conversion->arena, &conversion->oci->linux->readonly_paths, "/proc/sys");
    add_sys(conversion);
    add_dev(conversion);
}

int virsh_convert_filesystems(struct virsh_conversion *conversion, struct thole_error *err) {
    const struct domain *domain = conversion->domain;
    const struct domain_filesystem *root = virsh_root_filesystem(domain);
    add_basic(conversion);
    for (size_t i = 0; i < domain->filesystems.count; i++) {
        if (&domain->filesystems.items[i] != root &&
            virsh_filesystem_add(conversion, &domain->filesystems.items[i], err) < 0)
            return -1;
    }
    return 0;
}
