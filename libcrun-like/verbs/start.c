/* SPDX-License-Identifier: Apache-2.0 */
/* thole_start(): the second half of a container's birth. */
#include <signal.h>

#include "base/cleanup.h"
#include "cgroup/kill.h"
#include "create/hooks.h"
#include "create/notify.h"
#include "state/gate.h"

static int check_created(const struct container *container, struct thole_error *err) {
    switch (container_status(container)) {
    case THOLE_STATUS_CREATED:
        return 0;
    case THOLE_STATUS_STOPPED:
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "cannot start a container that has stopped");
    case THOLE_STATUS_PAUSED:
        return error_set(err, THOLE_ERROR_STATE, 0, NULL, "cannot start a paused container");
    case THOLE_STATUS_CREATING:
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "cannot start a container that is being created");
    default:
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "cannot start an already running container");
    }
}

/* A failing poststart hook ends the container (runtime-spec "Poststart"). */
static int run_poststart(const struct thole_context *context, struct container *container,
                         struct thole_error *err) {
    if (hooks_run_saved(context, container, PLAN_HOOK_POSTSTART, "running", err) == 0)
        return 0;
    struct thole_error ignored = {0};
    (void)cgroup_kill(container_cgroup(container), SIGKILL, &ignored);
    (void)kill((pid_t)container->record->pid, SIGKILL);
    return -1;
}

int thole_start(const struct thole_context *context, const char *id, const char *notify_socket,
                struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open_locked(context, id, &container, err) < 0 ||
        check_created(&container, err) < 0)
        return -1;
    cleanup_close int listening = -1;
    cleanup_close int pidfd = container_pidfd(&container, err);
    if (pidfd < 0)
        return -1;
    if (notify_socket != NULL && container.record->notify_directory != NULL) {
        listening = notify_listen(&container, err);
        if (listening < 0)
            return -1;
    }
    cleanup_close int connection = gate_connect(&container, err);
    if (connection < 0 || gate_start(&container, connection, err) < 0)
        return -1;
    gate_remove(&container);
    if (run_poststart(context, &container, err) < 0)
        return -1;
    if (listening >= 0)
        return notify_forward(listening, pidfd, (pid_t)container.record->pid, notify_socket, err);
    return 0;
}
