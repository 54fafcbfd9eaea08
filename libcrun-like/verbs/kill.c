/* SPDX-License-Identifier: Apache-2.0 */
/* thole_kill(). */
#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "cgroup/freeze.h"
#include "cgroup/kill.h"
#include "cgroup/pids.h"
#include "state/container.h"
#include "sys/process_calls.h"

/* 0 if some process of the container is left, though its init is gone. */
static int kill_remaining(const struct plan_cgroup *cgroup, int signal, struct thole_error *err) {
    struct thole_error gone = *err;
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    if (cgroup_pids(cgroup, &pids, &count, err) < 0 || count == 0) {
        *err = gone;
        return -1;
    }
    *err = (struct thole_error){0};
    return cgroup_kill(cgroup, signal, err);
}

int thole_kill(const struct thole_context *context, const char *id, int signal, bool all,
               struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open(context, id, &container, err) < 0)
        return -1;
    const struct plan_cgroup *cgroup = container_cgroup(&container);
    bool has_cgroup = cgroup->manager != PLAN_CGROUP_DISABLED && cgroup->directory_count > 0;
    /* Without a pid namespace the end of init does not end the others. */
    bool everyone =
        has_cgroup && (all || (signal == SIGKILL && !container.record->own_pid_namespace));

    cleanup_close int pidfd = container_pidfd(&container, err);
    if (pidfd < 0)
        return err->kind == THOLE_ERROR_STATE && everyone ? kill_remaining(cgroup, signal, err)
                                                          : -1;
    if (everyone)
        return cgroup_kill(cgroup, signal, err);
    if (pidfd_send_signal(pidfd, signal, NULL, 0) < 0) {
        if (errno == ESRCH)
            return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                             "container not running: no such process");
        return error_errno(err, NULL, "send signal %d", signal);
    }
    /* A frozen v1 cgroup does not even die. */
    if (signal == SIGKILL && has_cgroup && cgroup_is_frozen(cgroup) == 1)
        return cgroup_freeze(cgroup, false, err);
    return 0;
}
