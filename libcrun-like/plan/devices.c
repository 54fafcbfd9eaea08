/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes and links of /dev: runtime-spec config-linux.md "Default Devices" and "Devices". */
#include <string.h>

#include "plan/builder.h"

enum { MODE_DEFAULT = 0666, MODE_BITS = 07777 };

static const struct plan_device default_devices[] = {
    {.path = "/dev/null", .type = 'c', .major = 1, .minor = 3},
    {.path = "/dev/zero", .type = 'c', .major = 1, .minor = 5},
    {.path = "/dev/full", .type = 'c', .major = 1, .minor = 7},
    {.path = "/dev/random", .type = 'c', .major = 1, .minor = 8},
    {.path = "/dev/urandom", .type = 'c', .major = 1, .minor = 9},
    {.path = "/dev/tty", .type = 'c', .major = 5, .minor = 0},
};

/* runtime-linux.md "Dev symbolic links", and two that programs expect. */
static const struct plan_link default_links[] = {
    {"/dev/fd", "/proc/self/fd"},       {"/dev/stdin", "/proc/self/fd/0"},
    {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
    {"/dev/core", "/proc/kcore"},       {"/dev/ptmx", "pts/ptmx"},
};

static struct plan_device *find_device(struct plan *plan, const char *path) {
    for (size_t i = 0; i < plan->device_count; i++) {
        if (strcmp(plan->devices[i].path, path) == 0)
            return &plan->devices[i];
    }
    return NULL;
}

static bool is_mounted_on(const struct plan *plan, const char *path) {
    for (size_t i = 0; i < plan->mount_count; i++) {
        if (strcmp(plan->mounts[i].target, path) == 0)
            return true;
    }
    return false;
}

/* The mount that brings /dev from elsewhere, which is left as it is; NULL: there is none. */
static const struct plan_mount *find_bound_dev(const struct plan *plan) {
    const struct plan_mount *bound = NULL;
    for (size_t i = 0; i < plan->mount_count; i++) {
        const struct plan_mount *mount = &plan->mounts[i];
        if (strcmp(mount->target, "/dev") == 0 && mount->kind != PLAN_MOUNT_REMOUNT)
            bound =
                mount->kind == PLAN_MOUNT_BIND || mount->kind == PLAN_MOUNT_INNER ? mount : NULL;
    }
    return bound;
}

static void add_defaults(struct plan_builder *builder, bool bind) {
    struct plan *plan = builder->plan;
    for (size_t i = 0; i < PLAN_COUNT(default_devices); i++) {
        struct plan_device *device =
            plan_list_add(builder->arena, plan->devices, plan->device_count);
        *device = default_devices[i];
        device->mode = MODE_DEFAULT;
        device->bind = bind;
        device->source = device->path;
        device->where = "";
    }
}

static void add_link(struct plan_builder *builder, const struct plan_link *link) {
    struct plan *plan = builder->plan;
    if (find_device(plan, link->path) == NULL && !is_mounted_on(plan, link->path))
        *plan_list_add(builder->arena, plan->links, plan->link_count) = *link;
}

static void add_links(struct plan_builder *builder) {
    static const struct plan_link first_terminal = {"/dev/tty1", "console"};
    const struct oci_process *process = builder->config->process;
    for (size_t i = 0; i < PLAN_COUNT(default_links); i++)
        add_link(builder, &default_links[i]);
    if (builder->plan->keeper.console_is_tty1 && process != NULL && process->terminal)
        add_link(builder, &first_terminal);
}

/* Where the configuration gives a device another name, the host's own is a default one at best. */
static const char *find_source(const struct plan_device *device) {
    for (size_t i = 0; i < PLAN_COUNT(default_devices); i++) {
        const struct plan_device *known = &default_devices[i];
        if (known->type == device->type && known->major == device->major &&
            known->minor == device->minor)
            return known->path;
    }
    return device->path;
}

static int add_device(struct plan_builder *builder, const struct oci_device *wanted, bool bind,
                      const char *where, struct thole_error *err) {
    struct plan *plan = builder->plan;
    struct plan_device device = {
        .path = plan_path_clean(builder->arena, wanted->path),
        .type = wanted->type[0] == 'u' ? 'c' : wanted->type[0],
        .major = (uint32_t)wanted->major.value,
        .minor = (uint32_t)wanted->minor.value,
        .mode =
            wanted->file_mode.set ? (mode_t)(wanted->file_mode.value & MODE_BITS) : MODE_DEFAULT,
        .uid = (uint32_t)wanted->uid.value,
        .gid = (uint32_t)wanted->gid.value,
        .mode_given = wanted->file_mode.set,
        .owner_given = wanted->uid.set || wanted->gid.set,
        .where = where,
    };
    device.bind = bind && device.type != 'p';
    device.source = find_source(&device);
    const bool mapped = plan_map_id(builder, false, device.uid, &device.host_uid) &&
                        plan_map_id(builder, true, device.gid, &device.host_gid);
    /* In a namespace that is joined without a word about its mappings, nobody knows. */
    device.lent = device.bind && plan_is_rootful(builder->facts) &&
                  !(mapped && device.host_uid == UINT32_MAX);
    if ((!device.bind || device.lent) && !mapped)
        return error_config(err, where, "its owner %u:%u is not mapped in the user namespace",
                            device.uid, device.gid);
    struct plan_device *earlier = find_device(plan, device.path);
    if (earlier == NULL)
        earlier = plan_list_add(builder->arena, plan->devices, plan->device_count);
    else if (earlier->where[0] != '\0' &&
             (earlier->type != device.type || earlier->major != device.major ||
              earlier->minor != device.minor))
        return error_config(err, where, "%s is another device at %s", device.path, earlier->where);
    else if (earlier->where[0] != '\0')
        plan_note(builder, earlier->where, "has no effect: %s is the same device", where);
    *earlier = device;
    return 0;
}

int plan_build_devices(struct plan_builder *builder, struct thole_error *err) {
    struct plan *plan = builder->plan;
    const struct oci_linux *section = builder->linux_section;
    const bool bind = plan_in_user_namespace(builder) || !builder->facts->privileged;
    if (plan->rootfs.chroot_only) {
        if (section->devices.count > 0)
            plan_warn(builder, "/linux/devices",
                      "none is made: linux.namespaces has no new mount namespace");
        return 0;
    }
    const struct plan_mount *bound = find_bound_dev(plan);
    plan->setup_dev = bound == NULL;
    if (plan->setup_dev)
        add_defaults(builder, bind);
    else if (strcmp(bound->source, "/dev") != 0)
        plan_warn(builder, bound->where,
                  "no default devices are made in /dev: it has to bring its own");
    for (size_t i = 0; i < section->devices.count; i++) {
        const char *where = arena_printf(builder->arena, "/linux/devices/%zu", i);
        if (add_device(builder, &section->devices.items[i], bind, where, err) < 0 &&
            plan_ends(builder, err))
            return -1;
    }
    if (plan->setup_dev)
        add_links(builder);
    return 0;
}
