/* SPDX-License-Identifier: Apache-2.0 */
/* thole_pids(). */

#include "cgroup/pids.h"
#include "state/process.h"
#include "state/status.h"

int thole_pids(const struct thole_context *context, const char *id, pid_t **ret_pids,
               size_t *ret_count, struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open(context, id, &container, err) < 0)
        return -1;
    const struct plan_cgroup *cgroup = container_cgroup(&container);
    if (cgroup->directory_count > 0)
        return cgroup_pids(cgroup, ret_pids, ret_count, err);
    *ret_pids = NULL;
    *ret_count = 0;
    enum thole_status status;
    if (container_status(&container, &status, err) < 0)
        return -1;
    if (status == THOLE_STATUS_STOPPED)
        return 0;
    if (!container.record->own_pid_namespace)
        return error_unsupported(
            err, NULL,
            "the container has neither a cgroup nor a pid namespace of its own: nothing "
            "tells its processes from others");
    return process_list_namespace((pid_t)container.record->pid, ret_pids, ret_count, err);
}
