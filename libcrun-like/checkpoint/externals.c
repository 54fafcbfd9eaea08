/* SPDX-License-Identifier: Apache-2.0 */
/* What of a container is not its own. */
#include "checkpoint/externals.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/names.h"
#include "base/text.h"
#include "checkpoint/message.h"
#include "state/process.h"
#include "sys/path.h"
#include "sys/process_calls.h"

enum { PROC_FILE_MAX = 64 * 1024 * 1024 };

/* Of the namespaces that can be joined, CRIU takes these two as open files under such names; the
 * others by their paths, at the restoration alone. */
static const char *inherited_name(unsigned long flag) {
    return flag == CLONE_NEWNET ? "extRootNetNS" : flag == CLONE_NEWPID ? "extRootPidNS" : NULL;
}

/* ---- a dump: mounts ------------------------------------------------------------------------- */

/* The place that @target leads to, as the container itself would see it; NULL: there is none. */
static char *resolve(struct arena *arena, int root_fd, const char *target, bool *ret_directory) {
    char link[64];
    char path[PATH_MAX];
    cleanup_close int fd = sys_open_in_root(root_fd, target, O_PATH, 0);
    if (fd < 0)
        return NULL;
    *ret_directory = sys_is_directory(fd);
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof(path));
    return length > 0 && length < (ssize_t)sizeof(path) ? arena_strndup(arena, path, (size_t)length)
                                                        : NULL;
}

/* A path that leads nowhere is no mount: it was optional, or it is hidden by now. */
static void add_mount(int root_fd, const char *target, bool files_only, struct arena *arena,
                      struct text *options) {
    bool directory = false;
    const char *place = resolve(arena, root_fd, target, &directory);
    if (place != NULL && !(files_only && directory))
        message_put_string(options, CRIU_EXTERNAL,
                           arena_printf(arena, "mnt[%s]:%s", place, target));
}

static int add_mounts(const struct plan *plan, pid_t pid, struct arena *arena, struct text *options,
                      struct thole_error *err) {
    cleanup_close int root_fd = process_open_root(pid, err);
    if (root_fd < 0)
        return -1;
    for (size_t i = 0; i < plan->mount_count; i++) {
        if (plan->mounts[i].kind == PLAN_MOUNT_BIND)
            add_mount(root_fd, plan->mounts[i].target, false, arena, options);
    }
    for (size_t i = 0; i < plan->device_count; i++) {
        if (plan->devices[i].bind)
            add_mount(root_fd, plan->devices[i].path, false, arena, options);
    }
    /* A file is masked by the host's /dev/null; a directory by a tmpfs, which is the container's.
     */
    for (size_t i = 0; i < plan->masked_count; i++)
        add_mount(root_fd, plan->masked[i].path, true, arena, options);
    return 0;
}

/* ---- a dump: namespaces --------------------------------------------------------------------- */

static int add_namespaces(const struct plan *plan, pid_t pid, struct arena *arena,
                          struct text *options, struct thole_error *err) {
    for (size_t i = 0; i < plan->namespaces.joined_count; i++) {
        const struct plan_joined_namespace *joined = &plan->namespaces.joined[i];
        const char *name = inherited_name(joined->flag);
        const char *word = names_of(names_namespaces, (int64_t)joined->flag);
        char path[64];
        struct stat status;
        if (name == NULL)
            continue;
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, word);
        if (stat(path, &status) < 0)
            return error_errno(err, joined->where, "look at %s", path);
        message_put_string(
            options, CRIU_EXTERNAL,
            arena_printf(arena, "%s[%lu]:%s", word, (unsigned long)status.st_ino, name));
    }
    return 0;
}

/* ---- a dump: streams ------------------------------------------------------------------------ */

static bool has_mount(const char *mountinfo, uint64_t id) {
    const char *line;
    size_t length;
    while (text_next_line(&mountinfo, &line, &length)) {
        if (strtoull(line, NULL, 10) == id)
            return true;
    }
    return false;
}

/* A file that was opened before its process got a root of its own, on a mount that is not to be
 * seen in there, is "file[MOUNT:INODE]" for CRIU; its path is noted behind that. */
static int name_stream(pid_t pid, int fd, const char *mountinfo, char **ret_name, bool *ret_outside,
                       struct thole_error *err) {
    char path[64];
    char target[PATH_MAX];
    struct statx status;
    (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
    ssize_t length = readlink(path, target, sizeof(target) - 1);
    if (length < 0)
        return errno == ENOENT ? 0 : error_errno(err, NULL, "read %s", path);
    target[length] = '\0';
    if (target[0] == '/' && statx(AT_FDCWD, path, 0, STATX_INO | STATX_MNT_ID, &status) == 0 &&
        !has_mount(mountinfo, status.stx_mnt_id)) {
        struct text name = {0};
        text_appendf(&name, "file[%llx:%llx]:%s", (unsigned long long)status.stx_mnt_id,
                     (unsigned long long)status.stx_ino, target);
        *ret_outside = true;
        *ret_name = text_take(&name);
        return 0;
    }
    *ret_name = strdup(target);
    return *ret_name != NULL ? 0 : error_errno(err, NULL, "copy a name");
}

/* "file[18:4]:/dev/null" -> "file[18:4]", "pipe:[4711]" as it is. */
static char *key_of(struct arena *arena, const char *name) {
    const char *bracket = strchr(name, ']');
    return arena_strndup(arena, name,
                         bracket != NULL ? (size_t)(bracket - name) + 1 : strlen(name));
}

static int add_streams(pid_t pid, struct arena *arena, struct text *options,
                       struct images_streams *ret_streams, struct thole_error *err) {
    char path[64];
    cleanup_free char *mountinfo = NULL;
    (void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
    if (file_read_at(AT_FDCWD, path, PROC_FILE_MAX, &mountinfo, NULL, err) < 0)
        return -1;
    for (int fd = 0; fd < 3; fd++) {
        bool outside = false;
        if (name_stream(pid, fd, mountinfo, &ret_streams->names[fd], &outside, err) < 0)
            return -1;
        if (outside)
            message_put_string(options, CRIU_EXTERNAL, key_of(arena, ret_streams->names[fd]));
    }
    return 0;
}

int externals_of_dump(const struct plan *plan, pid_t pid, struct arena *arena, struct text *options,
                      struct images_streams *ret_streams, struct thole_error *err) {
    if (add_mounts(plan, pid, arena, options, err) < 0 ||
        add_namespaces(plan, pid, arena, options, err) < 0)
        return -1;
    return add_streams(pid, arena, options, ret_streams, err);
}

/* ---- a restoration -------------------------------------------------------------------------- */

static void bring_mounts(const struct plan *plan, struct arena *arena, struct text *options) {
    for (size_t i = 0; i < plan->mount_count; i++) {
        const struct plan_mount *mount = &plan->mounts[i];
        if (mount->kind == PLAN_MOUNT_BIND)
            message_put_string(options, CRIU_EXTERNAL,
                               arena_printf(arena, "mnt[%s]:%s", mount->target, mount->source));
    }
    for (size_t i = 0; i < plan->device_count; i++) {
        const struct plan_device *device = &plan->devices[i];
        if (device->bind)
            message_put_string(options, CRIU_EXTERNAL,
                               arena_printf(arena, "mnt[%s]:%s", device->path, device->source));
    }
    for (size_t i = 0; i < plan->masked_count; i++)
        message_put_string(options, CRIU_EXTERNAL,
                           arena_printf(arena, "mnt[%s]:/dev/null", plan->masked[i].path));
}

static int open_passed(const char *path, const char *where, int flags, struct externals *externals,
                       struct thole_error *err) {
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, where, "open %s", path);
    externals->opened[externals->opened_count++] = fd;
    externals->fds[externals->count++] = fd;
    return fd;
}

static int bring_namespaces(const struct plan *plan, struct text *options,
                            struct externals *externals, struct thole_error *err) {
    for (size_t i = 0; i < plan->namespaces.joined_count; i++) {
        const struct plan_joined_namespace *joined = &plan->namespaces.joined[i];
        const char *name = inherited_name(joined->flag);
        const char *word = names_of(names_namespaces, (int64_t)joined->flag);
        if (name == NULL) {
            options_add_joined(options, word, joined->path);
            continue;
        }
        int fd = open_passed(joined->path, joined->where, O_RDONLY, externals, err);
        if (fd < 0)
            return -1;
        options_add_inherited(options, name, fd);
    }
    return 0;
}

/* Of a file or pipe of somebody else's the restorer's own stream takes the place. */
static int bring_streams(const struct images_streams *streams, const int stdio[3],
                         struct arena *arena, struct text *options, struct externals *externals,
                         struct thole_error *err) {
    for (int fd = 0; fd < 3; fd++) {
        const char *name = streams->names[fd];
        if (name == NULL || !(text_starts_with(name, "pipe:") || text_starts_with(name, "file[")))
            continue;
        int stream = stdio[fd];
        if (text_ends_with(name, "]:/dev/null"))
            stream = open_passed("/dev/null", NULL, O_RDWR, externals, err);
        else
            externals->fds[externals->count++] = stream;
        if (stream < 0)
            return -1;
        options_add_inherited(options, key_of(arena, name), stream);
    }
    return 0;
}

int externals_of_restoration(const struct plan *plan, const struct images_streams *streams,
                             const int stdio[3], struct arena *arena, struct text *options,
                             struct externals *ret_externals, struct thole_error *err) {
    bring_mounts(plan, arena, options);
    if (bring_streams(streams, stdio, arena, options, ret_externals, err) < 0)
        return -1;
    return bring_namespaces(plan, options, ret_externals, err);
}

void externals_done(struct externals *externals) {
    for (size_t i = 0; i < externals->opened_count; i++)
        cleanup_close_fd(&externals->opened[i]);
}
