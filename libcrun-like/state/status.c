/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is doing, and who works on it. */
#include "state/status.h"

#include <unistd.h>

#include "cgroup/freeze.h"
#include "state/gate.h"
#include "state/process.h"

static int not_running(struct thole_error *err) {
    return error_state(err, "container not running: no such process");
}

int container_pidfd(const struct container *container, struct thole_error *err) {
    const struct container_record *record = container->record;
    return record->pid == 0 ? not_running(err)
                            : process_open((pid_t)record->pid, record->start_time, err);
}

int container_set_worker(const struct container *container, bool deleting,
                         struct thole_error *err) {
    struct container_record *record = container->record;
    const pid_t worker = getpid();
    record->worker = worker;
    record->deleting = deleting;
    int lives = process_start_time(worker, &record->worker_start_time, err);
    if (lives <= 0)
        return lives < 0 ? -1 : error_bug(err, "this process is said to be gone");
    return container_save(container, err);
}

int container_clear_worker(const struct container *container, struct thole_error *err) {
    container->record->worker = 0;
    container->record->worker_start_time = 0;
    container->record->deleting = false;
    return container_save(container, err);
}

int container_set_keeper(const struct container *container, struct thole_error *err) {
    struct container_record *record = container->record;
    record->keeper = getpid();
    int lives = process_start_time(getpid(), &record->keeper_start_time, err);
    return lives < 0 ? -1 : 0;
}

int container_is_kept(const struct container *container, struct thole_error *err) {
    const struct container_record *record = container->record;
    return record->keeper == 0
               ? 0
               : process_lives((pid_t)record->keeper, record->keeper_start_time, err);
}

int container_keeper_pidfd(const struct container *container, struct thole_error *err) {
    const struct container_record *record = container->record;
    return record->keeper == 0
               ? error_state(err, "the container has no keeper")
               : process_open((pid_t)record->keeper, record->keeper_start_time, err);
}

int container_worker_pidfd(const struct container *container, struct thole_error *err) {
    const struct container_record *record = container->record;
    return record->worker == 0
               ? error_state(err, "nobody works on the container")
               : process_open((pid_t)record->worker, record->worker_start_time, err);
}

/* 1: it is being created, or its creator died and left it half-made. */
static int is_half_made(const struct container_record *record, bool has_init,
                        struct thole_error *err) {
    if (record->worker == 0 || record->deleting)
        return 0;
    return has_init ? 1 : process_lives((pid_t)record->worker, record->worker_start_time, err);
}

static int find_status(const struct container *container, enum thole_status *ret_status,
                       struct thole_error *err) {
    const struct container_record *record = container->record;
    int lives = record->pid == 0 ? 0 : process_lives((pid_t)record->pid, record->start_time, err);
    int half_made = lives < 0 ? -1 : is_half_made(record, lives == 1, err);
    if (lives < 0 || half_made < 0)
        return -1;
    *ret_status = half_made == 1 ? THOLE_STATUS_CREATING : THOLE_STATUS_STOPPED;
    if (half_made == 1 || lives == 0)
        return 0;
    cleanup_arena struct arena arena = {0};
    int frozen = cgroup_is_frozen(record_cgroup(record, &arena), err);
    int waits = frozen == 0 ? gate_is_closed(container, err) : 0;
    if (frozen < 0 || waits < 0)
        return -1;
    *ret_status = frozen == 1  ? THOLE_STATUS_PAUSED
                  : waits == 1 ? THOLE_STATUS_CREATED
                               : THOLE_STATUS_RUNNING;
    return 0;
}

int container_status(struct container *container, enum thole_status *ret_status,
                     struct thole_error *err) {
    if (find_status(container, ret_status, err) < 0)
        return -1;
    /* A creator may have finished, and ended, since the record was read. */
    if (*ret_status != THOLE_STATUS_STOPPED || container->record->worker == 0 ||
        container->record->deleting)
        return 0;
    return container_reload(container, err) < 0 ? -1 : find_status(container, ret_status, err);
}
