/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts in the order of the configuration, and the one for readiness notification. */
#include "plan/mounts.h"

#include <linux/mount.h>
#include <linux/sched.h>
#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "plan/mount.h"

static const char notify_target[] = "/run/notify";

/* Files of /proc that lxcfs and its like replace. Anything else there could fool the runtime. */
static const char *const replaceable_in_proc[] = {
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/slabinfo",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/sys/crypto/fips_enabled",
};

/* What is bound when the kernel refuses the file system to a user namespace that does not own the
 * namespace it shows. */
static const struct {
    const char *type;
    const char *source;
} substitutes[] = {
    {"sysfs", "/sys"},
    {"mqueue", "/dev/mqueue"},
};

/* /proc has to be the kernel's: the runtime writes labels there before the container starts. */
static int check_proc(struct plan_mount *mount, const char *where, struct thole_error *err) {
    if (mount->kind == PLAN_MOUNT_REMOUNT || !path_is_beneath(mount->target, "/proc") ||
        strcmp(mount->type, "proc") == 0)
        return 0;
    if (strcmp(mount->target, "/proc") == 0 && mount->kind == PLAN_MOUNT_BIND) {
        mount->must_be_proc = true;
        return 0;
    }
    if (strcmp(mount->target, "/proc") == 0)
        return error_config(err, where, "only proc can be mounted on /proc, not %s", mount->type);
    if (text_is_one_of(mount->target, replaceable_in_proc, PLAN_COUNT(replaceable_in_proc)))
        return 0;
    if (mount->kind == PLAN_MOUNT_INNER && strcmp(mount->source, mount->target) == 0) {
        mount->must_be_proc = true; /* a part of it on its own place, with other flags */
        return 0;
    }
    return error_config(err, where, "nothing but proc can be mounted on %s", mount->target);
}

/* The kernel answers an unmapped owner with EINVAL alone. */
static int check_owner(const struct plan_builder *builder, const struct plan_mount *mount,
                       const char *where, struct thole_error *err) {
    static const char *const keys[] = {"uid", "gid"};
    if (strcmp(mount->type, "tmpfs") != 0 && strcmp(mount->type, "devpts") != 0)
        return 0;
    for (size_t i = 0; i < PLAN_COUNT(keys); i++) {
        const char *text = plan_mount_parameter(mount, keys[i]);
        uint64_t id = 0;
        if (text != NULL && text_parse_uint(text, UINT32_MAX, &id) &&
            !plan_map_id(builder, i == 1, (uint32_t)id, NULL))
            return error_config(err, where, "%s=%s: the user namespace does not map this id",
                                keys[i], text);
    }
    return 0;
}

static void add_substitute(const struct plan_builder *builder, struct plan_mount *mount) {
    if (!plan_in_user_namespace(builder))
        return;
    for (size_t i = 0; i < PLAN_COUNT(substitutes); i++) {
        if (strcmp(mount->type, substitutes[i].type) == 0)
            mount->bind_on_eperm = substitutes[i].source;
    }
    if (strcmp(mount->type, "proc") == 0 && !plan_has_namespace(builder->plan, CLONE_NEWPID))
        mount->bind_on_eperm = "/proc";
}

/* A read-only /sys without privileges has the cgroup tree below it: CVE-2023-25809. */
static void keep_sys_readonly(const struct plan_builder *builder, struct plan_mount *mount) {
    if (mount->recursive && (mount->attributes_set & MOUNT_ATTR_RDONLY) != 0 &&
        plan_in_user_namespace(builder) && strcmp(mount->source, "/sys") == 0)
        mount->recursive_set |= MOUNT_ATTR_RDONLY;
}

static int plan_bind(const struct plan_builder *builder, const struct oci_mount *wanted,
                     struct plan_mount *mount, const char *where, struct thole_error *err) {
    if (wanted->source == NULL || wanted->source[0] == '\0')
        return error_config(err, where, "a bind mount needs a source");
    if (mount->kind == PLAN_MOUNT_INNER) {
        mount->source = plan_path_clean(builder->arena, wanted->source);
        return check_proc(mount, where, err);
    }
    mount->source = plan_path_join(builder->arena, builder->request->bundle, wanted->source);
    keep_sys_readonly(builder, mount);
    return check_proc(mount, where, err);
}

static int plan_filesystem(struct plan_builder *builder, const struct oci_mount *wanted,
                           struct plan_mount *mount, const char *where, struct thole_error *err) {
    if (wanted->type == NULL || wanted->type[0] == '\0' || strcmp(wanted->type, "none") == 0)
        return error_config(err, where, "needs a type, or the option bind or rbind");
    mount->type = wanted->type;
    mount->source = wanted->source;
    if (mount->loop && (wanted->source == NULL || wanted->source[0] == '\0'))
        return error_config(err, where, "x-loop needs a source: the image");
    if (mount->loop)
        mount->source = plan_path_join(builder->arena, builder->request->bundle, wanted->source);
    add_substitute(builder, mount);
    if (check_proc(mount, where, err) < 0 || check_owner(builder, mount, where, err) < 0)
        return -1;
    return plan_mount_label(builder, mount, err);
}

static int plan_one(struct plan_builder *builder, const struct oci_mount *wanted, const char *where,
                    struct thole_error *err) {
    struct plan_mount mount = {
        .type = "",
        .target = plan_path_clean(builder->arena, wanted->destination),
        .where = where,
    };
    if (wanted->destination[0] != '/')
        plan_note(builder, arena_printf(builder->arena, "%s/destination", where),
                  "is relative, which is deprecated: taken from /");
    if (plan_mount_options_parse(builder, wanted, where, &mount, err) < 0)
        return -1;
    if (mount.kind == PLAN_MOUNT_FILESYSTEM && text_equal(wanted->type, "cgroup"))
        return plan_cgroup_mounts(builder, &mount, err);
    const bool bind = mount.kind == PLAN_MOUNT_BIND || mount.kind == PLAN_MOUNT_INNER;
    if (bind && plan_bind(builder, wanted, &mount, where, err) < 0)
        return -1;
    if (mount.kind == PLAN_MOUNT_FILESYSTEM &&
        plan_filesystem(builder, wanted, &mount, where, err) < 0)
        return -1;
    *plan_mount_add(builder, mount.target, where) = mount;
    return 0;
}

static bool is_optional(const struct oci_mount *wanted) {
    for (size_t i = 0; i < wanted->options.count; i++) {
        if (strcmp(wanted->options.items[i], "x-optional") == 0)
            return true;
    }
    return false;
}

static void leave_out(const struct plan_builder *builder, const char *where,
                      struct thole_error *err) {
    plan_note(builder, where, "is left out: %s", err->text);
    *err = (struct thole_error){0};
}

void plan_build_mount_label(struct plan_builder *builder) {
    const char *label = builder->linux_section->mount_label;
    if (label == NULL)
        return;
    if (builder->facts->selinux)
        builder->plan->mount_label = label;
    else
        plan_warn(builder, "/linux/mountLabel", "not set: SELinux is not enabled on this host");
}

int plan_mount_list(struct plan_builder *builder, const oci_mounts *mounts, const char *parent,
                    struct thole_error *err) {
    for (size_t i = 0; i < mounts->count; i++) {
        const char *where = arena_printf(builder->arena, "%s/%zu", parent, i);
        if (plan_one(builder, &mounts->items[i], where, err) >= 0)
            continue;
        if (is_optional(&mounts->items[i]))
            leave_out(builder, where, err);
        else if (plan_ends(builder, err))
            return -1;
    }
    return 0;
}

int plan_build_mounts(struct plan_builder *builder, struct thole_error *err) {
    plan_build_mount_label(builder);
    if (builder->plan->rootfs.chroot_only)
        return 0;
    if (plan_mount_list(builder, &builder->config->mounts, "/mounts", err) < 0)
        return -1;
    if (builder->request->notify_directory != NULL) {
        struct plan_mount *mount = plan_mount_add(builder, notify_target, "");
        mount->kind = PLAN_MOUNT_BIND;
        mount->source = builder->request->notify_directory;
        mount->attributes_set =
            MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    }
    return 0;
}
