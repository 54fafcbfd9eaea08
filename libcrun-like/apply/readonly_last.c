/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that become read-only in the end. */
#include "apply/readonly_last.h"

#include <fcntl.h>
#include <unistd.h>

#include "sys/mount_calls.h"
#include "sys/path.h"

bool apply_readonly_waits(const struct apply_readonly_last *list, const struct plan_mount *mount,
                          int mount_fd) {
    return mount->readonly_last && list->count < APPLY_READONLY_LAST_MAX &&
           sys_is_directory(mount_fd);
}

int apply_readonly_remember(struct apply_readonly_last *list, const struct plan_mount *mount,
                            int mount_fd, struct thole_error *err) {
    int fd = fcntl(mount_fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return error_errno(err, mount->where, "keep %s open", mount->target);
    list->items[list->count].fd = fd;
    list->items[list->count++].mount = mount;
    return 0;
}

int apply_readonly_now(const struct apply_readonly_last *list, struct thole_error *err) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    for (size_t i = 0; i < list->count; i++) {
        const struct plan_mount *mount = list->items[i].mount;
        if (mount_setattr(list->items[i].fd, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) <
            0)
            return error_errno(err, mount->where, "make %s read-only", mount->target);
    }
    return 0;
}

void apply_readonly_last_done(struct apply_readonly_last *list) {
    for (size_t i = 0; i < list->count; i++)
        (void)close(list->items[i].fd);
}
