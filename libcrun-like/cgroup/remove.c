/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a container's cgroup directories with everything below them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cgroup/directory.h"
#include "cgroup/events.h"
#include "cgroup/pids.h"
#include "cgroup/remove.h"
#include "cgroup/systemd.h"

enum { REMOVE_TIMEOUT = 5000 /* milliseconds */ };

static const int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

static bool is_busy(int code) {
    return code == EBUSY || code == ENOTEMPTY;
}

/* One pass over the subdirectories of @fd: removes those it can. Returns how many went away, and
 * the name of one that did not in @ret_left ("" if none). */
static int remove_children(int fd, char ret_left[NAME_MAX + 1]) {
    ret_left[0] = '\0';
    int duplicate = openat(fd, ".", directory_flags);
    if (duplicate < 0)
        return -1;
    cleanup_closedir DIR *directory = fdopendir(duplicate);
    if (directory == NULL)
        return close(duplicate), -1;
    int removed = 0;
    const struct dirent *entry = NULL;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT)
            removed++;
        else if (is_busy(errno))
            (void)strcpy(ret_left, entry->d_name);
        else
            return -1;
    }
    return errno == 0 ? removed : -1;
}

/*
 * Removes all below @top, depth first, with one descriptor however deep a container has nested its
 * cgroups: a level is left behind by "..". Fails with EBUSY where processes are.
 */
static int remove_below(int top) {
    cleanup_close int at = openat(top, ".", directory_flags);
    size_t depth = 0;
    bool came_up = false;
    while (at >= 0) {
        char name[NAME_MAX + 1];
        int removed = remove_children(at, name);
        if (removed < 0)
            return -1;
        if (name[0] == '\0' && depth == 0)
            return 0;
        bool descend = name[0] != '\0';
        if (descend && came_up && removed == 0) {
            errno = EBUSY;
            return -1;
        }
        int next = openat(at, descend ? name : "..", directory_flags);
        (void)close(at);
        at = next;
        depth += descend ? 1 : (size_t)-1;
        came_up = !descend;
    }
    return -1;
}

/* True if unlinkat() has removed the directory, or errno says that it is not in its hierarchy. */
static bool is_removed(int result, int mount) {
    if (result < 0 && errno == ENOENT)
        errno = cgroup_missing(mount);
    return result == 0 || cgroup_is_gone(errno);
}

/* Returns 0 when the directory is gone, 1 if processes keep it, -1 with errno set. */
static int remove_once(const struct plan_cgroup_directory *directory) {
    cleanup_close int mount = open(directory->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *relative = directory->path + strspn(directory->path, "/");
    if (is_removed(mount < 0 ? -1 : unlinkat(mount, relative, AT_REMOVEDIR), mount))
        return 0;

    /* A read-only mount refuses before it looks: what is not there needs no removal. */
    int failure = errno;
    cleanup_close int fd = cgroup_open_directory(directory, "");
    if (fd < 0 && errno == ENOENT)
        return 0;
    errno = failure;
    if (fd < 0 || !is_busy(failure) || (remove_below(fd) < 0 && !is_busy(errno)))
        return -1;
    if (is_removed(unlinkat(mount, relative, AT_REMOVEDIR), mount))
        return 0;
    return is_busy(errno) ? 1 : -1;
}

/* Processes that were killed a moment ago need time to go. */
static void wait_until_empty(const struct plan_cgroup_directory *directory, unsigned round,
                             int64_t left) {
    cleanup_close int fd = directory->unified ? cgroup_open_directory(directory, "") : -1;
    if (fd < 0 || cgroup_event(fd, "populated") != 1 ||
        cgroup_event_wait(fd, "populated", 0, (int)left) < 0)
        cgroup_pause(round);
}

static int report_busy(const struct plan_cgroup_directory *directory, struct thole_error *err) {
    cleanup_cgroup_members struct cgroup_members members = {0};
    cleanup_close int fd = cgroup_open_directory(directory, "");
    if (fd >= 0 && cgroup_members_read(fd, &members, NULL) == 0 && members.count > 0)
        return error_set(err, THOLE_ERROR_HOST, EBUSY, NULL,
                         "remove cgroup %s in %s: %zu processes are still in it, the first is %d",
                         directory->path, directory->mountpoint, members.count,
                         (int)members.pids[0]);
    return error_set(err, THOLE_ERROR_HOST, EBUSY, NULL, "remove cgroup %s in %s", directory->path,
                     directory->mountpoint);
}

static int remove_directory(const struct plan_cgroup_directory *directory, int64_t end,
                            struct thole_error *err) {
    for (unsigned round = 0;; round++) {
        int busy = remove_once(directory);
        if (busy == 0)
            return 0;
        if (busy < 0 && errno == ENXIO)
            return error_set(err, THOLE_ERROR_HOST, 0, NULL,
                             "remove cgroup %s: no cgroup filesystem is mounted on %s",
                             directory->path, directory->mountpoint);
        if (busy < 0)
            return error_errno(err, NULL, "remove cgroup %s in %s", directory->path,
                               directory->mountpoint);
        int64_t left = end - clock_now();
        if (left <= 0)
            return report_busy(directory, err);
        wait_until_empty(directory, round, left);
    }
}

int cgroup_remove(const struct plan_cgroup *cgroup, struct thole_error *err) {
    if (cgroup_check_not_root(cgroup, "remove", err) < 0)
        return -1;
    /* The unit is systemd's to remove; its directories go in any case. */
    int result = 0;
    if (cgroup->manager == PLAN_CGROUP_SYSTEMD && cgroup->systemd_scope != NULL)
        result = systemd_unit_stop(cgroup, err);
    int64_t end = clock_now() + REMOVE_TIMEOUT;
    for (size_t i = 0; i < cgroup->directory_count; i++) {
        if (remove_directory(&cgroup->directories[i], end, result == 0 ? err : NULL) < 0)
            result = -1;
    }
    return result;
}
