/* SPDX-License-Identifier: Apache-2.0 */
/* thole_checkpoint(). */
#include <unistd.h>

#include "checkpoint/dump.h"
#include "create/unmake.h"
#include "state/request.h"
#include "state/status.h"

static int check_running(struct container *container, struct thole_error *err) {
    enum thole_status status;
    if (container_status(container, &status, err) < 0)
        return -1;
    if (status != THOLE_STATUS_RUNNING && status != THOLE_STATUS_PAUSED)
        return error_state(err, "cannot checkpoint a container that is %s",
                           thole_status_name(status));
    return 0;
}

static int set_no_restart(struct container *container, bool value, bool *ret_former,
                          struct thole_error *err) {
    if (container_lock(container, err) < 0 || container_reload(container, err) < 0)
        return -1;
    *ret_former = container->record->no_restart;
    container->record->no_restart = value;
    int result = container_save(container, err);
    container_unlock(container);
    return result;
}

/* The end that a checkpoint brings about is the last one; without one all is as it was. */
static int dump_for_good(const struct thole_context *context, struct container *container,
                         const struct thole_checkpoint_request *request, struct thole_error *err) {
    bool former = false;
    struct thole_error failure = {0};
    if (!container->record->restarts)
        return checkpoint_dump(context, container, request, err);
    if (set_no_restart(container, true, &former, err) < 0)
        return -1;
    if (checkpoint_dump(context, container, request, err) == 0)
        return 0;
    (void)set_no_restart(container, former, &former, &failure); /* the first failure is told */
    return -1;
}

static int checkpoint(const struct thole_context *context,
                      const struct thole_checkpoint_request *request, struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open(context, request->id, &container, err) < 0 ||
        check_running(&container, err) < 0)
        return -1;
    if (request->leave_running || request->pre_dump)
        return checkpoint_dump(context, &container, request, err);
    if (dump_for_good(context, &container, request, err) < 0)
        return -1;
    return create_unmake(context, &container, NULL, err);
}

int thole_checkpoint(const struct thole_context *context,
                     const struct thole_checkpoint_request *request, struct thole_error *err) {
    if (request_check(request->reserved, err) < 0 ||
        request_check(request->options.reserved, err) < 0)
        return -1;
    if (geteuid() != 0)
        return error_unsupported(err, NULL, "checkpoint needs root: CRIU does");
    return checkpoint(context, request, err);
}
