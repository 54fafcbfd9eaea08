/* SPDX-License-Identifier: Apache-2.0 */
/* OOM events: cgroup-v1/memory (section 10) and cgroup-v2 (memory.events). */
#include "cgroup/oom.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/directory.h"
#include "cgroup/reader.h"

static const char control_file[] = "memory.oom_control";

static int open_error(const struct plan_cgroup_directory *directory, const char *file,
                      struct thole_error *err) {
    return error_errno(err, NULL, "watch %s of %s", file, directory->path);
}

static int open_v1(const struct plan_cgroup_directory *directory, struct cgroup_oom_watch *watch,
                   struct thole_error *err) {
    cleanup_close int fd = cgroup_open_directory(directory, "");
    cleanup_close int control = fd < 0 ? -1 : openat(fd, control_file, O_RDONLY | O_CLOEXEC);
    cleanup_close int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (control < 0 || event < 0)
        return open_error(directory, control_file, err);
    char text[32];
    int length = snprintf(text, sizeof(text), "%d %d", event, control);
    if (file_write_kernel(fd, "cgroup.event_control", text, (size_t)length) < 0)
        return open_error(directory, control_file, err);
    watch->fd = take_fd(&event);
    watch->events = POLLIN;
    watch->directory = take_fd(&fd);
    return 0;
}

/* Kills only: "oom" also counts allocations that failed without one. */
static uint64_t count_kills(int fd) {
    char text[512];
    uint64_t count = 0;
    ssize_t length = pread(fd, text, sizeof(text) - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    (void)cgroup_number_find(text, "oom_kill", &count);
    return count;
}

int cgroup_oom_watch_open(const struct plan_cgroup *cgroup, struct cgroup_oom_watch *ret_watch,
                          struct thole_error *err) {
    const struct plan_cgroup_directory *v1 = cgroup_find_v1(cgroup, "memory");
    if (v1 != NULL)
        return open_v1(v1, ret_watch, err);
    const struct plan_cgroup_directory *unified = cgroup_find_unified(cgroup);
    if (unified == NULL)
        return 0;
    cleanup_close int directory = cgroup_open_directory(unified, "");
    if (directory < 0)
        return open_error(unified, "memory.events", err);
    ret_watch->fd = openat(directory, "memory.events", O_RDONLY | O_CLOEXEC);
    if (ret_watch->fd < 0 && errno != ENOENT)
        return open_error(unified, "memory.events", err);
    ret_watch->events = POLLPRI;
    if (ret_watch->fd >= 0)
        ret_watch->seen = count_kills(ret_watch->fd);
    return 0;
}

uint64_t cgroup_oom_watch_read(struct cgroup_oom_watch *watch) {
    if (watch->fd < 0)
        return 0;
    if (watch->directory < 0) {
        uint64_t now = count_kills(watch->fd);
        uint64_t fresh = now > watch->seen ? now - watch->seen : 0;
        watch->seen += fresh;
        return fresh;
    }
    /* The removal of the cgroup signals the eventfd, too. */
    uint64_t count = 0;
    if (read(watch->fd, &count, sizeof(count)) != (ssize_t)sizeof(count) ||
        faccessat(watch->directory, control_file, F_OK, 0) < 0)
        return 0;
    return count;
}

void cgroup_oom_watch_done(struct cgroup_oom_watch *watch) {
    cleanup_close_fd(&watch->fd);
    cleanup_close_fd(&watch->directory);
}
