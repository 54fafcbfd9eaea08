/* SPDX-License-Identifier: Apache-2.0 */
/* All mounts, in the order in which LXC makes them. */
#include <linux/sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "lxc/convert/mounts.h"

enum { DEV_SIZE = 500000, PTS_GROUP = 5 };

/* What the root has in /dev stays as it is: bound onto itself, it gets no nodes of thole's. */
static void keep_dev(struct lxc_conversion *conversion) {
    (void)lxc_mount_add(conversion, "/dev", "bind", "/dev",
                        (const char *const[]){"rbind", "x-relative", "x-optional", NULL});
}

static int add_dev(struct lxc_conversion *conversion, struct thole_error *err) {
    bool wanted = true;
    int64_t size = 0;
    if (lxc_conversion_flag(conversion, "lxc.autodev", true, &wanted, err) < 0 ||
        lxc_conversion_number(conversion, "lxc.autodev.tmpfs.size", 0, INT64_MAX, &size, err) < 0)
        return -1;
    if (!wanted) {
        keep_dev(conversion);
        return 0;
    }
    const char *option = arena_printf(conversion->arena, "size=%lld",
                                      size > 0 ? (long long)size : (long long)DEV_SIZE);
    (void)lxc_mount_add(conversion, "/dev", "tmpfs", "none",
                        (const char *const[]){"relatime", "mode=755", option, NULL});
    return 0;
}

/* Always: the console is a pty of the container's own. */
static int add_devpts(struct lxc_conversion *conversion, struct thole_error *err) {
    struct arena *arena = conversion->arena;
    int64_t ptys = 0;
    int64_t ttys = 0;
    if (lxc_conversion_number(conversion, "lxc.pty.max", 0, INT32_MAX, &ptys, err) < 0 ||
        lxc_conversion_number(conversion, "lxc.tty.max", 0, 4096, &ttys, err) < 0)
        return -1;
    struct oci_mount *mount =
        lxc_mount_add(conversion, "/dev/pts", "devpts", "devpts",
                      (const char *const[]){"nosuid", "noexec", "newinstance", "ptmxmode=0666",
                                            "mode=0620", NULL});
    if (translate_maps_group(conversion->oci, PTS_GROUP))
        oci_strings_add(arena, &mount->options, "gid=5");
    const struct lxc_item *item = lxc_conversion_item(conversion, "lxc.pty.max");
    if (item != NULL && ptys <= 1)
        lxc_conversion_note(conversion, item->where,
                            "no effect: the console is a pty of the container's own devpts");
    if (ptys > 1) /* those of console and ttys come on top */
        oci_strings_add(arena, &mount->options, arena_printf(arena, "max=%d", (int)(ptys + ttys)));
    return 0;
}

/* What a process on the host's root must not see or change of the host. */
static void add_shared_root(struct lxc_conversion *conversion) {
    static const char *const temporary[] = {"nosuid", "nodev", "mode=1777", NULL};
    (void)lxc_mount_add(conversion, "/proc", "proc", "proc",
                        (const char *const[]){"nosuid", "nodev", "noexec", NULL});
    (void)lxc_mount_add(conversion, "/sys", "sysfs", "sysfs",
                        (const char *const[]){"nosuid", "nodev", "noexec", "ro", NULL});
    (void)lxc_mount_add(conversion, "/tmp", "tmpfs", "none", temporary);
    (void)lxc_mount_add(conversion, "/dev/shm", "tmpfs", "none", temporary);
    oci_strings_add(conversion->arena, &conversion->oci->linux->readonly_paths, "/proc/sys");
    oci_strings_add(conversion->arena, &conversion->oci->linux->readonly_paths,
                    "/proc/sysrq-trigger");
}

/* What lxc.mount.auto has added to those from @first on. */
static void note_origins(struct lxc_conversion *conversion, const struct lxc_mount_auto *automatic,
                         size_t first) {
    for (size_t i = first; i < conversion->oci->mounts.count; i++)
        lxc_conversion_origin(conversion, automatic->where, "/mounts/%zu", i);
}

int lxc_convert_mounts(struct lxc_conversion *conversion, struct thole_error *err) {
    struct lxc_mount_auto automatic = {0};
    const oci_mounts *mounts = &conversion->oci->mounts;
    if (lxc_mount_auto_read(conversion, &automatic, err) < 0)
        return -1;
    if (add_dev(conversion, err) < 0)
        return -1;
    if (conversion->rootfs_given == NULL)
        add_shared_root(conversion);
    size_t first = mounts->count;
    lxc_mount_auto_add(conversion, &automatic);
    note_origins(conversion, &automatic, first);
    if (lxc_mount_entries(conversion, err) < 0)
        return -1;
    first = mounts->count;
    if (lxc_mount_auto_add_cgroup(conversion, &automatic, err) < 0)
        return -1;
    note_origins(conversion, &automatic, first);
    return add_devpts(conversion, err);
}
