/* SPDX-License-Identifier: Apache-2.0 */
/* thole_pids(). */
#include <stdlib.h>

#include "base/cleanup.h"
#include "cgroup/pids.h"
#include "state/container.h"

int thole_pids(const struct thole_context *context, const char *id, pid_t **ret_pids,
               size_t *ret_count, struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open(context, id, &container, err) < 0)
        return -1;
    const struct plan_cgroup *cgroup = container_cgroup(&container);
    if (cgroup->directory_count > 0)
        return cgroup_pids(cgroup, ret_pids, ret_count, err);
    /* Without a cgroup of its own only init is known. */
    pid_t *pids = calloc(1, sizeof(*pids));
    if (pids == NULL)
        return error_errno(err, NULL, "list processes");
    *ret_count = container_status(&container) == THOLE_STATUS_STOPPED ? 0 : 1;
    pids[0] = (pid_t)container.record->pid;
    *ret_pids = pids;
    return 0;
}
