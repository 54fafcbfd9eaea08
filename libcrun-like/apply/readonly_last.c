/* SPDX-License-Identifier: Apache-2.0 */
/* Mounts that become read-only in the end. */
#include "apply/readonly_last.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/mount_calls.h"
#include "sys/path.h"

enum { KEPT_FREE = 64 };

bool apply_readonly_waits(struct apply_readonly_last *list, const struct plan_mount *mount,
                          int mount_fd) {
    struct rlimit limit;
    if (list == NULL || !mount->readonly_last || !sys_is_directory(mount_fd) ||
        getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return false;
    cleanup_close int fd = fcntl(mount_fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0 || (rlim_t)fd + KEPT_FREE >= limit.rlim_cur)
        return false;
    struct apply_readonly_item *items =
        reallocarray(list->items, list->count + 1, sizeof(*list->items));
    if (items == NULL)
        return false;
    list->items = items;
    list->items[list->count++] = (struct apply_readonly_item){take_fd(&fd), mount};
    return true;
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
    free(list->items);
    *list = (struct apply_readonly_last){0};
}
