/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a container, whoever brings it about (runtime-spec "Lifecycle", from step 12 on). */
#include "create/unmake.h"

#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/phases.h"
#include "cgroup/kill.h"
#include "cgroup/remove.h"
#include "create/audit.h"
#include "create/hooks.h"
#include "create/selinux.h"
#include "resctrl/group.h"
#include "state/process.h"
#include "state/status.h"

/* What is gone already is no error. */
static int kill_init(const struct container *container, struct thole_error *err) {
    struct thole_error failure = {0};
    cleanup_close int pidfd = container_pidfd(container, &failure);
    if (pidfd >= 0)
        return process_end(pidfd, err);
    if (failure.kind == THOLE_ERROR_STATE)
        return 0;
    return error_copy(err, &failure);
}

static int end_processes(struct container *container, struct thole_error *err) {
    const struct plan_cgroup *cgroup = container_cgroup(container);
    if (kill_init(container, err) < 0)
        return -1;
    if (cgroup->manager == PLAN_CGROUP_DISABLED || cgroup->directory_count == 0)
        return 0;
    /* Processes that outlived init: with a pid namespace of its own there are none. Before there is
     * an init, the cgroup may still be somebody else's. */
    if (container->record->pid != 0 && !container->record->own_pid_namespace &&
        cgroup_kill(cgroup, SIGKILL, err) < 0)
        return -1;
    return cgroup_remove(cgroup, err);
}

/* 1 with the lock and a record that holds, 0 if the container is somebody else's to delete. */
static int take_over(struct container *container, struct thole_error *err) {
    bool held = container->lock >= 0;
    struct thole_error failure = {0};
    int result = container_lock(container, &failure);
    if (result == 0 && !held && container->record->poststop)
        result = container_reload(container, &failure);
    if (result == 0 && container->record->deleting && container->record->worker != getpid()) {
        cleanup_close int pidfd = container_worker_pidfd(container, &failure);
        if (pidfd >= 0)
            return 0;
        result = failure.kind == THOLE_ERROR_STATE ? 0 : -1;
    }
    if (result == 0 || failure.kind == THOLE_ERROR_NOT_FOUND)
        return result == 0;
    return error_copy(err, &failure);
}

int create_clear(const struct thole_context *context, struct container *container,
                 const struct plan *plan, struct thole_error *err) {
    int ours = take_over(container, err);
    if (ours <= 0)
        return ours;
    const struct container_record *record = container->record;
    create_audit_end(context, container);
    bool hooks = record->poststop && record->pid != 0;
    if (hooks && plan == NULL)
        plan = hooks_read_saved(container, err);
    if ((hooks && plan == NULL) || end_processes(container, err) < 0 ||
        resctrl_remove(record, err) < 0)
        return -1;
    phases_part(context->phases, PHASES_RUNTIME, "/linux/cgroupsPath", "processes and cgroup");
    if (!hooks)
        return 1;
    if (container_set_worker(container, true, err) < 0)
        return -1;
    container_unlock(container);
    hooks_run_poststop(context, container, plan);
    phases_part(context->phases, PHASES_RUNTIME, "/hooks/poststop", "hooks");
    return container_lock(container, err) < 0 ? -1 : 1;
}

int create_unmake(const struct thole_context *context, struct container *container,
                  const struct plan *plan, struct thole_error *err) {
    int cleared = create_clear(context, container, plan, err);
    if (cleared <= 0)
        return cleared;
    create_selinux_release(context, &container->record->annotations);
    return container_remove(container, err);
}
