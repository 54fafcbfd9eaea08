/* SPDX-License-Identifier: Apache-2.0 */
/* Realtime budgets of v1 cpu cgroups. */
#include "cgroup/realtime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/directory.h"

static const char period_file[] = "cpu.rt_period_us";
static const char runtime_file[] = "cpu.rt_runtime_us";

static int give_budget(int fd, const char *period, const char *value, size_t length) {
    char runtime[32];
    if (cgroup_read(fd, runtime_file, runtime, sizeof(runtime)) < 0)
        return -1;
    if (strcmp(runtime, "0") != 0)
        return 0; /* somebody's decision */
    if (file_write_kernel(fd, period_file, period, strlen(period)) < 0)
        return -1;
    return file_write_kernel(fd, runtime_file, value, length);
}

int cgroup_write_realtime(const struct plan_cgroup_directory *directory, int leaf_fd,
                          const char *value, size_t length) {
    char period[32];
    if (cgroup_read(leaf_fd, period_file, period, sizeof(period)) < 0)
        return -1;
    cleanup_close int at = open(directory->mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *rest = directory->path;
    char name[NAME_MAX + 1];
    while (at >= 0 && cgroup_next_component(&rest, name) && rest[strspn(rest, "/")] != '\0') {
        int below = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        (void)close(at);
        at = below;
        if (at >= 0 && give_budget(at, period, value, length) < 0)
            return -1;
    }
    return at < 0 ? -1 : file_write_kernel(leaf_fd, runtime_file, value, length);
}
