/* SPDX-License-Identifier: Apache-2.0 */
/* thole_usage(), thole_cgroup_read() and thole_cgroup_write(): a container's cgroup by its files.
 */
#include "report/usage.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup/directory.h"
#include "state/status.h"

int thole_usage(const struct thole_context *context, const char *id, struct thole_usage *ret_usage,
                struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    cleanup_cgroup_reader struct cgroup_reader reader = {0};
    if (container_open(context, id, &container, err) < 0 ||
        cgroup_reader_open(container_cgroup(&container), &reader, err) < 0)
        return -1;
    usage_read(&reader, ret_usage);
    return cgroup_reader_check(&reader, err);
}

enum { CGROUP_FILE_MAX = 16 * 1024 * 1024 };

static bool is_running(struct container *container, struct thole_error *err) {
    enum thole_status status;
    if (container_status(container, &status, err) < 0)
        return false;
    if (status == THOLE_STATUS_STOPPED)
        error_state(err, "container not running");
    return status != THOLE_STATUS_STOPPED;
}

/* The directory with the files of the controller in "memory.max": its v1 hierarchy if there is one,
 * else the unified one. */
static int open_directory(struct container *container, const char *file, struct thole_error *err) {
    const char *dot = strchr(file, '.');
    if (dot == NULL || strchr(file, '/') != NULL)
        return error_usage(err, "\"%s\" is not the name of a file in a cgroup", file);
    cleanup_free char *prefix = strndup(file, (size_t)(dot - file));
    const struct plan_cgroup *cgroup = container_cgroup(container);
    const struct plan_cgroup_directory *directory = cgroup_find_v1(cgroup, prefix);
    if (directory == NULL)
        directory = cgroup_find_unified(cgroup);
    if (directory == NULL)
        return error_set(err, THOLE_ERROR_UNSUPPORTED, ENOENT, NULL,
                         "the container has no cgroup with a file %s", file);
    int fd = cgroup_open_directory(directory, "");
    return fd >= 0 ? fd
                   : error_errno(err, NULL, "open cgroup %s in %s", directory->path,
                                 directory->mountpoint);
}

int thole_cgroup_read(const struct thole_context *context, const char *id, const char *file,
                      char **ret_text, struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open(context, id, &container, err) < 0 || !is_running(&container, err))
        return -1;
    cleanup_close int directory = open_directory(&container, file, err);
    return directory < 0
               ? -1
               : file_read_regular_at(directory, file, CGROUP_FILE_MAX, ret_text, NULL, err);
}

int thole_cgroup_write(const struct thole_context *context, const char *id, const char *file,
                       const char *value, struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open_locked(context, id, &container, err) < 0 || !is_running(&container, err))
        return -1;
    cleanup_close int directory = open_directory(&container, file, err);
    if (directory < 0)
        return -1;
    if (file_write_kernel(directory, file, value, strlen(value)) < 0)
        return error_errno(err, NULL, "write \"%s\" to %s", value, file);
    return 0;
}
