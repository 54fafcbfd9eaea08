/* SPDX-License-Identifier: Apache-2.0 */
/* thole_kill(). */
#include <errno.h>
#include <signal.h>

#include "base/cleanup.h"
#include "cgroup/freeze.h"
#include "cgroup/kill.h"
#include "cgroup/pids.h"
#include "state/process.h"
#include "state/status.h"
#include "sys/process_calls.h"

/* Processes may be left though init is gone. With @all there need not be any. */
static int kill_remaining(const struct plan_cgroup *cgroup, int signal, bool all,
                          struct thole_error *err) {
    struct thole_error gone = *err;
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    *err = (struct thole_error){0};
    if (cgroup_pids(cgroup, &pids, &count, err) < 0)
        return -1;
    if (count > 0)
        return cgroup_kill(cgroup, signal, err);
    return all ? 0 : (*err = gone, -1);
}

/* What asks an init for the end, or is it; others are the program's own business. */
static bool asks_for_the_end(int signal) {
    const int signals[] = {SIGKILL, SIGTERM,      SIGINT,       SIGQUIT,       SIGPWR,
                           SIGABRT, SIGRTMIN + 3, SIGRTMIN + 4, SIGRTMIN + 13, SIGRTMIN + 14};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (signals[i] == signal)
            return true;
    }
    return false;
}

/* The container is not to be started again at the end that this brings about. Returns 1 if that is
 * all there is to do: it waits for its next start, or is about to begin it. */
static int forbid_restart(struct container *container, struct thole_error *err) {
    struct thole_error failure = {0};
    enum thole_status status;
    if (container_lock(container, err) < 0 || container_reload(container, err) < 0)
        return -1;
    cleanup_close int keeper = container_keeper_pidfd(container, &failure);
    if (keeper < 0)
        return failure.kind == THOLE_ERROR_STATE ? 0 : (*err = failure, -1);
    container->record->no_restart = true;
    if (container_save(container, err) < 0 || container_status(container, &status, err) < 0)
        return -1;
    if (status == THOLE_STATUS_STOPPED && pidfd_send_signal(keeper, SIGTERM, NULL, 0) < 0)
        return error_errno(err, NULL, "tell the keeper of the container");
    return status == THOLE_STATUS_STOPPED;
}

int thole_kill(const struct thole_context *context, const char *id, int signal, bool all,
               struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open(context, id, &container, err) < 0)
        return -1;
    if (container.record->restarts && asks_for_the_end(signal)) {
        int done = forbid_restart(&container, err);
        container_unlock(&container);
        if (done != 0)
            return done < 0 ? -1 : 0;
    }
    const struct plan_cgroup *cgroup = container_cgroup(&container);
    bool has_cgroup = cgroup->manager != PLAN_CGROUP_DISABLED && cgroup->directory_count > 0;
    /* Without a pid namespace the end of init does not end the others. */
    bool everyone =
        has_cgroup && (all || (signal == SIGKILL && !container.record->own_pid_namespace));

    cleanup_close int pidfd = container_pidfd(&container, err);
    if (pidfd < 0 && err->kind == THOLE_ERROR_STATE && (all || everyone))
        return kill_remaining(cgroup, signal, all, err);
    if (pidfd < 0)
        return -1;
    if (everyone)
        return cgroup_kill(cgroup, signal, err);
    if (all && !has_cgroup && container.record->own_pid_namespace)
        return process_signal_namespace((pid_t)container.record->pid, pidfd, signal, err);
    if (pidfd_send_signal(pidfd, signal, NULL, 0) < 0) {
        if (errno == ESRCH)
            return error_state(err, "container not running: no such process");
        return error_errno(err, NULL, "send signal %d", signal);
    }
    /* A frozen v1 cgroup does not even die. */
    int frozen = signal == SIGKILL && has_cgroup ? cgroup_is_frozen(cgroup, err) : 0;
    return frozen == 1 ? cgroup_freeze(cgroup, false, err) : frozen;
}
