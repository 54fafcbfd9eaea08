/* SPDX-License-Identifier: Apache-2.0 */
/* thole_delete(), and what it shares with the end of a foreground run. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cgroup/kill.h"
#include "cgroup/remove.h"
#include "create/hooks.h"
#include "resctrl/group.h"
#include "sys/process_calls.h"
#include "verbs/delete.h"

/* Kills init and waits for it; what is gone already is no error. */
static int kill_init(const struct container *container, struct thole_error *err) {
    struct thole_error gone = {0};
    cleanup_close int pidfd = container_pidfd(container, &gone);
    if (pidfd < 0)
        return gone.kind == THOLE_ERROR_STATE ? 0 : (*err = gone, -1);
    if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
        return error_errno(err, NULL, "kill the container's init");
    struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
    (void)uninterrupted(poll(&poll_fd, 1, 10 * 1000));
    return 0;
}

static bool has_own_directories(const struct plan_cgroup *cgroup) {
    return cgroup->manager != PLAN_CGROUP_DISABLED && cgroup->directory_count > 0;
}

int delete_finish(const struct thole_context *context, struct container *container,
                  struct thole_error *err) {
    const struct plan_cgroup *cgroup = container_cgroup(container);
    if (has_own_directories(cgroup)) {
        /* Processes that outlived init: with a pid namespace of its own there are none. */
        if (!container->record->own_pid_namespace && cgroup_kill(cgroup, SIGKILL, err) < 0)
            return -1;
        if (cgroup_remove(cgroup, err) < 0)
            return -1;
    }
    if (resctrl_remove(container->record, err) < 0)
        return -1;
    /* A create that was killed before there was an init has saved no hooks, and none is due. */
    if (container->record->poststop && container->record->pid != 0 &&
        hooks_run_saved(context, container, PLAN_HOOK_POSTSTOP, "stopped", err) < 0)
        return -1;
    return container_remove(container, err);
}

/* A create that was killed early left a directory and perhaps less than a record. */
static int remove_remains(struct container *container, struct thole_error *err) {
    *err = (struct thole_error){0};
    return container_remove(container, err);
}

static int check_deletable(const struct container *container, bool force, struct thole_error *err) {
    if (force)
        return 0;
    switch (container_status(container)) {
    case THOLE_STATUS_STOPPED:
    case THOLE_STATUS_CREATED:
    case THOLE_STATUS_CREATING:
        return 0;
    case THOLE_STATUS_PAUSED:
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "cannot delete a container that is paused: resume it or use --force");
    default:
        error_set(err, THOLE_ERROR_STATE, 0, NULL,
                  "cannot delete container that is not stopped: running");
        return error_hint(err, "--force kills it first");
    }
}

int thole_delete(const struct thole_context *context, const char *id, bool force,
                 struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open_locked(context, id, &container, err) < 0) {
        if (err->kind == THOLE_ERROR_NOT_FOUND && force) {
            *err = (struct thole_error){0};
            return 0;
        }
        if (err->kind != THOLE_ERROR_NOT_FOUND && container.directory >= 0 && container.lock >= 0 &&
            container.record == NULL && force)
            return remove_remains(&container, err);
        return -1;
    }
    const struct plan_cgroup *cgroup = container_cgroup(&container);
    if (check_deletable(&container, force, err) < 0)
        return -1;
    if (force && has_own_directories(cgroup) && cgroup_kill(cgroup, SIGKILL, err) < 0)
        return -1;
    if (kill_init(&container, err) < 0)
        return -1;
    return delete_finish(context, &container, err);
}
