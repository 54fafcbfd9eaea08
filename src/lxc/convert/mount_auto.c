/* SPDX-License-Identifier: Apache-2.0 */
/* lxc.mount.auto: proc, sys, cgroup and shared mounts by one word each. */
#include <linux/sched.h>
#include <string.h>

#include "base/text.h"
#include "lxc/convert/mounts.h"

static const char *const no_options[] = {"nosuid", "nodev", "noexec", NULL};
static const char *const read_only[] = {"nosuid", "nodev", "noexec", "ro", NULL};

/* ":mixed:force" -> "mixed", or NULL if it is not one of @modes. */
static const char *read_mode(struct arena *arena, const char *rest, const char *const *modes,
                             size_t count, bool *force) {
    const char *mode = modes[0];
    while (*rest == ':') {
        const size_t length = strcspn(rest + 1, ":");
        const char *word = arena_strndup(arena, rest + 1, length);
        rest += 1 + length;
        if (force != NULL && strcmp(word, "force") == 0)
            *force = true;
        else if (text_is_one_of(word, modes, count))
            mode = word;
        else
            return NULL;
    }
    return *rest == '\0' ? mode : NULL;
}

static bool read_shared(struct arena *arena, const char *word, struct lxc_mount_auto *automatic) {
    if (!text_starts_with(word, "shmounts:"))
        return false;
    const char *from = word + strlen("shmounts:");
    const size_t length = strcspn(from, ":");
    automatic->shared_from = arena_strndup(arena, from, length);
    automatic->shared_to = from[length] == ':' ? from + length + 1 : "/dev/.lxc-mounts";
    return automatic->shared_from[0] == '/';
}

static bool read_word(struct lxc_conversion *conversion, const char *word,
                      struct lxc_mount_auto *automatic) {
    static const char *const of_proc[] = {"mixed", "rw"};
    static const char *const of_others[] = {"mixed", "ro", "rw"};
    static const char *const of_cgroup2[] = {"rw", "ro"};
    struct arena *arena = conversion->arena;
    const size_t length = strcspn(word, ":");
    const char *kind = arena_strndup(arena, word, length);
    if (strcmp(kind, "proc") == 0)
        return (automatic->proc = read_mode(arena, word + length, of_proc, 2, NULL)) != NULL;
    if (strcmp(kind, "sys") == 0)
        return (automatic->sys = read_mode(arena, word + length, of_others, 3, NULL)) != NULL;
    if (strcmp(kind, "cgroup2") == 0)
        return (automatic->cgroup = read_mode(arena, word + length, of_cgroup2, 2,
                                              &automatic->cgroup_force)) != NULL;
    if (strcmp(kind, "cgroup") == 0 || strcmp(kind, "cgroup-full") == 0) {
        automatic->cgroup_full = strcmp(kind, "cgroup-full") == 0;
        return (automatic->cgroup = read_mode(arena, word + length, of_others, 3,
                                              &automatic->cgroup_force)) != NULL;
    }
    return read_shared(arena, word, automatic);
}

int lxc_mount_auto_read(struct lxc_conversion *conversion, struct lxc_mount_auto *ret_automatic,
                        struct thole_error *err) {
    const struct lxc_item *item = NULL;
    while ((item = lxc_conversion_next(conversion, "lxc.mount.auto", item)) != NULL) {
        struct oci_strings words;
        if (lxc_words_split(conversion->arena, item->value, item->where, &words, err) < 0)
            return -1;
        ret_automatic->where = item->where;
        for (size_t i = 0; i < words.count; i++) {
            if (!read_word(conversion, words.items[i], ret_automatic))
                return error_config(err, item->where, "there is no automatic mount \"%s\"",
                                    words.items[i]);
        }
    }
    return 0;
}

/* Mounts @path on itself, with @access: a part of a filesystem with other rights than the rest. */
static void add_part(struct lxc_conversion *conversion, const char *path, const char *access) {
    (void)lxc_mount_add(conversion, path, "bind", path,
                        (const char *const[]){"bind", "x-relative", "x-optional", "nosuid", "nodev",
                                              "noexec", access, NULL});
}

static bool may_set_up_networks(const struct lxc_conversion *conversion) {
    const struct oci_strings *kept = &conversion->oci->process->capabilities->bounding;
    for (size_t i = 0; i < kept->count; i++) {
        if (strcmp(kept->items[i], "CAP_NET_ADMIN") == 0)
            return true;
    }
    return false;
}

/* Settings of the network are the container's affair if it has one of its own. */
static void add_network_part(struct lxc_conversion *conversion, const char *path) {
    if ((conversion->namespaces & CLONE_NEWNET) != 0)
        add_part(conversion, path, "rw");
}

static void add_proc(struct lxc_conversion *conversion, const char *mode) {
    (void)lxc_mount_add(conversion, "/proc", "proc", "proc", no_options);
    if (strcmp(mode, "rw") == 0)
        return;
    add_part(conversion, "/proc/sys", "ro");
    if (may_set_up_networks(conversion))
        add_network_part(conversion, "/proc/sys/net");
    oci_strings_add(conversion->arena, &conversion->oci->linux->readonly_paths,
                    "/proc/sysrq-trigger");
}

static void add_sys(struct lxc_conversion *conversion, const char *mode) {
    const bool mixed = strcmp(mode, "mixed") == 0;
    (void)lxc_mount_add(conversion, "/sys", "sysfs", "sysfs",
                        strcmp(mode, "ro") == 0 ? read_only : no_options);
    /* The mount, not the filesystem: a part of it stays writable. */
    if (mixed)
        (void)lxc_mount_add(
            conversion, "/sys", "bind", "/sys",
            (const char *const[]){"remount", "bind", "nosuid", "nodev", "noexec", "ro", NULL});
    if (mixed)
        add_network_part(conversion, "/sys/devices/virtual/net");
}

void lxc_mount_auto_add(struct lxc_conversion *conversion, const struct lxc_mount_auto *automatic) {
    if (automatic->proc != NULL)
        add_proc(conversion, automatic->proc);
    if (automatic->sys != NULL)
        add_sys(conversion, automatic->sys);
}

/* @unified: the host has cgroup v2 alone. Then the container's part is all that a cgroup namespace
 * has, and is mounted at any rate, as LXC does it. */
static void add_cgroup(struct lxc_conversion *conversion, const struct lxc_mount_auto *automatic,
                       bool unified) {
    const char *access = strcmp(automatic->cgroup, "ro") == 0 ? "ro" : "rw";
    const bool own = (conversion->namespaces & CLONE_NEWCGROUP) != 0;
    if (own && !unified && !automatic->cgroup_force) {
        lxc_conversion_note(conversion, automatic->where,
                            "no effect of cgroup: with a cgroup namespace of its own the container "
                            "mounts them itself");
        return;
    }
    if (!automatic->cgroup_full || (own && unified)) {
        (void)lxc_mount_add(
            conversion, "/sys/fs/cgroup", "cgroup", "cgroup",
            (const char *const[]){"nosuid", "nodev", "noexec", "relatime", access, NULL});
        return;
    }
    const bool writable = strcmp(automatic->cgroup, "rw") == 0;
    if (strcmp(automatic->cgroup, "mixed") == 0)
        lxc_conversion_note(conversion, automatic->where,
                            "cgroup-full:mixed: all of it is read-only, the container's own part "
                            "as well");
    (void)lxc_mount_add(
        conversion, "/sys/fs/cgroup", "bind", "/sys/fs/cgroup",
        (const char *const[]){"rbind", "nosuid", "nodev", "noexec", writable ? "rw" : "rro", NULL});
}

int lxc_mount_auto_add_cgroup(struct lxc_conversion *conversion,
                              const struct lxc_mount_auto *automatic, struct thole_error *err) {
    const struct translate_host *host = NULL;
    if (automatic->cgroup != NULL && lxc_conversion_host(conversion, &host, err) < 0)
        return -1;
    if (automatic->cgroup != NULL)
        add_cgroup(conversion, automatic, translate_host_is_unified(host));
    if (automatic->shared_from != NULL)
        (void)lxc_mount_add(conversion, automatic->shared_to, "bind", automatic->shared_from,
                            (const char *const[]){"rbind", "rslave", NULL});
    return 0;
}
