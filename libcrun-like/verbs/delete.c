/* SPDX-License-Identifier: Apache-2.0 */
/* thole_delete(). */
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/phases.h"
#include "cgroup/kill.h"
#include "create/unmake.h"
#include "state/gate.h"
#include "state/process.h"
#include "state/status.h"
#include "sys/process_calls.h"

/* Its creator is asked for by the record: one that was killed left something to delete, one that is
 * alive still makes it. @end: it is killed, and with it the half-made container. */
static int check_creator(struct container *container, bool end, struct thole_error *err) {
    struct thole_error failure = {0};
    if (container->record->worker == 0 || container->record->deleting)
        return 0;
    cleanup_close int pidfd = container_worker_pidfd(container, &failure);
    if (pidfd < 0 && failure.kind == THOLE_ERROR_STATE)
        return 0;
    if (pidfd < 0)
        return *err = failure, -1;
    if (!end || container->record->worker == getpid())
        return error_state(err, "cannot delete a container that is being created by process %d",
                           (int)container->record->worker);
    /* Its last act may have been to note that there is an init. */
    return process_end(pidfd, err) < 0 ? -1 : container_reload(container, err);
}

static int check_deletable(struct container *container, struct thole_error *err) {
    enum thole_status status;
    if (container_status(container, &status, err) < 0)
        return -1;
    switch (status) {
    case THOLE_STATUS_PAUSED:
        return error_state(err,
                           "cannot delete a container that is paused: resume it or use --force");
    case THOLE_STATUS_RUNNING:
        error_state(err, "cannot delete container that is not stopped: running");
        return error_hint(err, "--force kills it first");
    default:
        return 0;
    }
}

/* Killed as a whole, also what would outlive init. */
static int kill_everything(struct container *container, struct thole_error *err) {
    const struct plan_cgroup *cgroup = container_cgroup(container);
    if (cgroup->manager == PLAN_CGROUP_DISABLED || cgroup->directory_count == 0 ||
        container->record->pid == 0)
        return 0;
    return cgroup_kill(cgroup, SIGKILL, err);
}

static bool lives(struct container *container) {
    enum thole_status status;
    struct thole_error failure = {0};
    return container_status(container, &status, &failure) == 0 && status != THOLE_STATUS_STOPPED;
}

/* What runs its poststop hooks is past everything else; the hooks themselves may ask for this. */
static int check_deleter(const struct container *container, struct thole_error *err) {
    struct thole_error failure = {0};
    if (!container->record->deleting)
        return 0;
    cleanup_close int pidfd = container_worker_pidfd(container, &failure);
    if (pidfd >= 0)
        return error_state(err, "process %d deletes the container: its poststop hooks run",
                           (int)container->record->worker);
    return failure.kind == THOLE_ERROR_STATE ? 0 : (*err = failure, -1);
}

/* Without a record there was never an init; one that cannot be read may be of a running container,
 * which would be lost. */
static int delete_unread(struct container *container, bool force, struct thole_error *err) {
    if (err->kind == THOLE_ERROR_NOT_FOUND && force)
        return *err = (struct thole_error){0}, 0;
    bool directory = container->lock >= 0;
    if (directory && err->kind == THOLE_ERROR_STATE && force)
        return *err = (struct thole_error){0}, container_remove(container, err);
    if (directory && err->kind != THOLE_ERROR_STATE && err->kind != THOLE_ERROR_NOT_FOUND)
        error_hint(err, "it may still run: end its processes, then remove its state directory");
    return -1;
}

/* It may be waiting for the next start of a container that is gone. */
static void tell_keeper(int keeper) {
    if (keeper >= 0)
        (void)pidfd_send_signal(keeper, SIGTERM, NULL, 0);
}

int thole_delete(const struct thole_context *context, const char *id, bool force,
                 struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open_locked(context, id, &container, err) < 0)
        return delete_unread(&container, force, err);
    struct thole_error failure = {0};
    cleanup_close int keeper = container_keeper_pidfd(&container, &failure);
    if (check_deleter(&container, err) < 0 || check_creator(&container, force, err) < 0 ||
        (!force && check_deletable(&container, err) < 0))
        return -1;
    /* A creator that was killed early has noted no pid, but may have left an init. */
    if (container.record->pid == 0 && gate_end_init(&container, err) < 0)
        return -1;
    if (force && container.record->audit != NULL && lives(&container))
        container.end_reason = "destroyed";
    phases_end(context->phases, PHASES_RUNTIME, "record");
    if (force && kill_everything(&container, err) < 0)
        return -1;
    if (create_unmake(context, &container, NULL, err) < 0)
        return -1;
    tell_keeper(keeper);
    phases_end(context->phases, PHASES_RUNTIME, "deletion");
    return 0;
}
