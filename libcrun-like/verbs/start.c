/* SPDX-License-Identifier: Apache-2.0 */
/* thole_start(): the second half of a container's birth. */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/phases.h"
#include "cgroup/freeze.h"
#include "create/hooks.h"
#include "create/notify.h"
#include "create/unmake.h"
#include "state/gate.h"
#include "state/status.h"

/* What `start` holds of a container. */
struct starting {
    struct container container;
    const struct plan *hooks; /* NULL: there are no poststart hooks */
    int pidfd;
    int connection; /* to init */
    int listening;  /* where the container says that it is ready, -1: nobody waits for it */
};

static void starting_done(struct starting *starting) {
    const int fds[] = {starting->pidfd, starting->connection, starting->listening};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0)
            (void)close(fds[i]);
    }
    container_done(&starting->container);
}

static int check_startable(struct starting *starting, struct thole_error *err) {
    struct container *container = &starting->container;
    if (container->record->worker != 0 && !container->record->deleting)
        return error_state(err, "cannot start a container that is being created");
    starting->pidfd = container_pidfd(container, err);
    if (starting->pidfd < 0 && err->kind == THOLE_ERROR_STATE)
        return error_state(err, "cannot start a container that has stopped");
    int frozen = starting->pidfd < 0 ? -1 : cgroup_is_frozen(container_cgroup(container), err);
    if (frozen == 1)
        return error_state(err, "cannot start a paused container");
    if (frozen == 0 && container->record->no_process)
        return error_config(err, "/process", "the configuration has no process to start");
    return frozen;
}

/* All that can fail before init is told: the container stays created. */
static int prepare(const struct thole_context *context, const char *id, const char *notify_socket,
                   struct starting *starting, struct thole_error *err) {
    struct container *container = &starting->container;
    if (container_open_locked(context, id, container, err) < 0 ||
        check_startable(starting, err) < 0)
        return -1;
    const struct container_record *record = container->record;
    if (record->poststart && (starting->hooks = hooks_read_saved(container, err)) == NULL)
        return -1;
    if (notify_socket != NULL && record->notify_directory != NULL &&
        (starting->listening = notify_listen(container, err)) < 0)
        return -1;
    starting->connection = gate_connect(container, err);
    return starting->connection < 0 ? -1 : gate_open(starting->connection, err);
}

/* From its word on, the container runs or ends. */
static int follow(struct starting *starting, struct thole_error *err) {
    struct container *container = &starting->container;
    int marked = gate_mark_opened(container, err);
    container_unlock(container);
    if (marked < 0 ||
        gate_await_program(container, (pid_t)container->record->pid, starting->connection, err) < 0)
        return -1;
    gate_remove(container);
    return starting->hooks == NULL
               ? 0
               : hooks_run(container, starting->hooks, PLAN_HOOK_POSTSTART, "running", err);
}

int thole_start(const struct thole_context *context, const char *id, const char *notify_socket,
                struct thole_error *err) {
    __attribute__((cleanup(starting_done))) struct starting starting = {
        .container = CONTAINER_INIT, .pidfd = -1, .connection = -1, .listening = -1};
    if (prepare(context, id, notify_socket, &starting, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "record");
    if (follow(&starting, err) < 0) {
        struct thole_error failure = {0};
        starting.container.end_reason = "failed";
        char line[sizeof(failure.where) + sizeof(failure.text) + 128];
        if (err->kind != THOLE_ERROR_STATE && /* it is another command's start then */
            create_unmake(context, &starting.container, NULL, &failure) < 0)
            log_warning(&context->log, "%s", error_format(&failure, line, sizeof(line)));
        return -1;
    }
    phases_end_at(context->phases, PHASES_RUNTIME, "/process", "start");
    if (starting.listening < 0)
        return 0;
    return notify_forward(starting.listening, starting.pidfd, (pid_t)starting.container.record->pid,
                          notify_socket, err);
}
