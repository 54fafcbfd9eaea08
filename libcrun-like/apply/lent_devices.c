/* SPDX-License-Identifier: Apache-2.0 */
/* Device nodes for a user namespace. */
#include "apply/lent_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "apply/filesystem.h"
#include "base/cleanup.h"
#include "base/wire.h"
#include "sys/mount_calls.h"

struct node_name {
    char text[24];
};

static struct node_name name_of(size_t index) {
    struct node_name name;
    (void)snprintf(name.text, sizeof(name.text), "%zu", index);
    return name;
}

mode_t apply_device_type(const struct plan_device *device) {
    return device->type == 'b' ? S_IFBLK : device->type == 'p' ? S_IFIFO : S_IFCHR;
}

/* 0 if the runtime may make no nodes: it is in a container itself, say. */
static int make_node(const struct plan_device *device, int directory, const char *name,
                     struct thole_error *err) {
    if (mknodat(directory, name, apply_device_type(device) | device->mode,
                makedev(device->major, device->minor)) < 0) {
        if (errno == EPERM)
            return 0;
        return error_errno(err, device->where, "create device %s", device->path);
    }
    if (fchownat(directory, name, device->host_uid, device->host_gid, 0) < 0 ||
        fchmodat(directory, name, device->mode, 0) < 0)
        return error_errno(err, device->where, "set mode and owner of device %s", device->path);
    return 1;
}

int apply_devices_lend(const struct plan *plan, int init, struct thole_error *err) {
    cleanup_sys_close_later struct sys_close_later closing = {0};
    cleanup_close int directory =
        apply_filesystem_new("tmpfs", "tmpfs", NULL, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
                             "/linux/devices", &closing, err);
    if (directory < 0)
        return -1;
    int made = 1;
    for (size_t i = 0; i < plan->device_count && made == 1; i++) {
        if (plan->devices[i].lent)
            made = make_node(&plan->devices[i], directory, name_of(i).text, err);
    }
    return made < 0 ? -1 : wire_send(init, WIRE_SOURCE, NULL, 0, made == 1 ? directory : -1, err);
}

static bool lends_any(const struct plan *plan) {
    for (size_t i = 0; i < plan->device_count; i++) {
        if (plan->devices[i].lent)
            return true;
    }
    return false;
}

/* Older kernels clone only what is mounted in the caller's namespace. */
int apply_devices_borrow(const struct plan *plan, int sync, int root_fd,
                         struct apply_lent_devices *ret_lent, struct thole_error *err) {
    struct wire_message message;
    if (!lends_any(plan))
        return 0;
    if (wire_send(sync, WIRE_REQUEST_DEVICES, NULL, 0, -1, err) < 0 ||
        wire_expect(sync, WIRE_SOURCE, &message, "the runtime", err) < 0)
        return -1;
    if (message.fd_count == 0)
        return 0;
    cleanup_close int directory = message.fds[0];
    ret_lent->former = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (ret_lent->former < 0 || mount_attach(directory, root_fd) < 0)
        return error_errno(err, "/linux/devices", "attach the nodes that the runtime made");
    ret_lent->directory = take_fd(&directory);
    return 0;
}

int apply_lent_device(const struct apply_lent_devices *lent, size_t index) {
    return open_tree(lent->directory, name_of(index).text,
                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
}

void apply_lent_devices_done(struct apply_lent_devices *lent) {
    if (lent->directory >= 0) {
        if (fchdir(lent->directory) == 0)
            (void)umount2(".", MNT_DETACH);
        (void)fchdir(lent->former);
        (void)close(take_fd(&lent->directory));
    }
    cleanup_close_fd(&lent->former);
}
