/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a plan's directories and reading a cgroup's small files. */
#include "cgroup/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/words.h"
#include "sys/path.h"

int cgroup_missing(int mount) {
    /* Every cgroup has this file, the root of a hierarchy too. */
    if (mount >= 0 && faccessat(mount, "cgroup.procs", F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return ENOENT;
    return errno == ENOENT ? ENXIO : errno;
}

bool cgroup_is_gone(int code) {
    return code == ENOENT || code == ENODEV;
}

int cgroup_open_path(const char *mountpoint, const char *path) {
    cleanup_close int mount = open(mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = mount < 0 ? -1
                       : sys_open_in_root(mount, path, O_RDONLY | O_DIRECTORY,
                                          RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    if (fd < 0 && errno == ENOENT)
        errno = cgroup_missing(mount);
    return fd;
}

int cgroup_open_directory(const struct plan_cgroup_directory *directory, const char *subgroup) {
    if (subgroup[0] == '\0')
        return cgroup_open_path(directory->mountpoint, directory->path);
    char path[PATH_MAX];
    int used = snprintf(path, sizeof(path), "%s/%s", directory->path, subgroup);
    if (used < 0 || (size_t)used >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return cgroup_open_path(directory->mountpoint, path);
}

const struct plan_cgroup_directory *cgroup_find_unified(const struct plan_cgroup *cgroup) {
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        if (cgroup->directories[i].unified)
            return &cgroup->directories[i];
    }
    return NULL;
}

const struct plan_cgroup_directory *cgroup_find_v1(const struct plan_cgroup *cgroup,
                                                   const char *controller) {
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        const struct plan_cgroup_directory *directory = &cgroup->directories[i];
        if (!directory->unified &&
            words_have(directory->controllers, controller, strlen(controller)))
            return directory;
    }
    return NULL;
}

int cgroup_check_not_root(const struct plan_cgroup *cgroup, const char *action,
                          struct thole_error *err) {
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        const char *path = cgroup->directories[i].path;
        if (path[strspn(path, "/")] == '\0')
            return error_config(err, cgroup->where,
                                "cannot %s the root cgroup %s: it is not a container's own", action,
                                cgroup->directories[i].mountpoint);
    }
    return 0;
}

bool cgroup_next_component(const char **path, char ret_name[NAME_MAX + 1]) {
    const char *start = *path + strspn(*path, "/");
    size_t length = strcspn(start, "/");
    if (length == 0 || length > NAME_MAX)
        return false;
    memcpy(ret_name, start, length);
    ret_name[length] = '\0';
    *path = start + length;
    return true;
}
