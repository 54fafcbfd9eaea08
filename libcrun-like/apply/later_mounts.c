/* SPDX-License-Identifier: Apache-2.0 */
/* Mounting in a running container, and unmounting. Nothing in it may be trusted. */
#include "apply/later_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply/credentials.h"
#include "apply/filesystem.h"
#include "apply/mounts.h"
#include "base/cleanup.h"
#include "base/wire.h"
#include "sys/mount_calls.h"
#include "sys/path.h"

/* Returns the container's root. */
static int enter(const struct apply_later_mounts *later, struct thole_error *err) {
    (void)close(later->runtime_end);
    if (apply_hide(err) < 0)
        return -1;
    (void)umask(0);
    if (setns(later->pidfd, (int)later->flags) < 0)
        return error_errno(err, NULL, "join the container's namespaces");
    if (apply_become_root(&later->become, err) < 0)
        return -1;
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? error_errno(err, NULL, "open the container's root") : root;
}

static noreturn void finish(const struct apply_later_mounts *later, int result,
                            struct thole_error *err) {
    if (result == 0 && wire_send(later->become.sync, WIRE_READY, NULL, 0, -1, err) == 0)
        _exit(EXIT_SUCCESS);
    wire_send_error(later->become.sync, err);
    _exit(EXIT_FAILURE);
}

/* ---- taking away ---------------------------------------------------------------------------- */

/*
 * umount2(2) knows no descriptors. Nobody can put another mount in the place of @name in its
 * directory, which is open; but the way there is the container's, and must not lead to what hides
 * parts of /proc and /sys.
 */
static int take_away(const struct plan_mount *mount, int root, struct thole_error *err) {
    const char *name = NULL;
    cleanup_close int parent = sys_open_parent_in_root(root, mount->target, &name);
    if (parent < 0)
        return error_errno(err, mount->where, "open mount point %s", mount->target);
    const int64_t type = sys_filesystem_type(parent);
    if (type < 0)
        return error_errno(err, mount->where, "look at mount point %s", mount->target);
    if (type == PROC_SUPER_MAGIC || type == SYSFS_MAGIC)
        return error_config(err, mount->where, "what is mounted within /proc and /sys stays");
    if (fchdir(parent) < 0)
        return error_errno(err, mount->where, "enter the directory of %s", mount->target);
    if (umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
        return 0;
    return errno == EINVAL
               ? error_set(err, THOLE_ERROR_STATE, 0, mount->where,
                           "nothing is mounted on %s that could be taken away", mount->target)
               : error_errno(err, mount->where, "unmount %s", mount->target);
}

void apply_later_mounts_remove(const struct apply_later_mounts *later) {
    struct thole_error err = {0};
    int root = enter(later, &err);
    int result = root < 0 ? -1 : 0;
    for (size_t i = later->plan->mount_count; i > 0 && result == 0; i--)
        result = take_away(&later->plan->mounts[i - 1], root, &err);
    finish(later, result, &err);
}

/* ---- adding --------------------------------------------------------------------------------- */

/* That takes a place which everybody in the container would see for a moment. */
static int check_length(const struct plan_mount *mount, struct thole_error *err) {
    if (mount->kind != PLAN_MOUNT_FILESYSTEM ||
        !apply_filesystem_needs_mount(mount->type, mount->source, mount->parameters,
                                      mount->parameter_count))
        return 0;
    return error_unsupported(err, mount->where,
                             "options of more than %d bytes are not for a running container",
                             APPLY_FSCONFIG_MAX);
}

/* Nothing waits to be made read-only: the container would have it writable for a moment. */
static int add_all(const struct apply_later_mounts *later, int *root, size_t *ret_made,
                   struct thole_error *err) {
    const struct plan *plan = later->plan;
    for (*ret_made = 0; *ret_made < plan->mount_count; (*ret_made)++) {
        struct apply_bind_sources sources = *later->sources;
        struct plan one = *plan;
        one.mounts = &plan->mounts[*ret_made];
        one.mount_count = 1;
        if (sources.items != NULL)
            sources.items += *ret_made;
        if (check_length(one.mounts, err) < 0 ||
            apply_mounts(&one, NULL, &sources, root, NULL, err) < 0)
            return -1;
    }
    return 0;
}

void apply_later_mounts_add(const struct apply_later_mounts *later) {
    struct thole_error err = {0};
    struct thole_error ignored = {0};
    size_t made = 0;
    int root = enter(later, &err);
    int result = root < 0 ? -1 : add_all(later, &root, &made, &err);
    if (result < 0 && err.code == EROFS)
        error_hint(&err,
                   "a mount point cannot be made in a root that is read-only by now: name one "
                   "that is there");
    for (; result < 0 && made > 0; made--) {
        if (later->plan->mounts[made - 1].kind != PLAN_MOUNT_REMOUNT)
            (void)take_away(&later->plan->mounts[made - 1], root, &ignored);
    }
    finish(later, result, &err);
}
