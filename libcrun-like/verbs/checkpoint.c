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

/* The end that the checkpoint brings about is the last one. */
static int forbid_restart(struct container *container, struct thole_error *err) {
    if (container_lock(container, err) < 0 || container_reload(container, err) < 0)
        return -1;
    container->record->no_restart = true;
    int result = container_save(container, err);
    container_unlock(container);
    return result;
}

static int checkpoint(const struct thole_context *context,
                      const struct thole_checkpoint_request *request, struct thole_error *err) {
    cleanup_container struct container container = CONTAINER_INIT;
    if (container_open(context, request->id, &container, err) < 0 ||
        check_running(&container, err) < 0)
        return -1;
    bool ends = !request->leave_running && !request->pre_dump;
    if (ends && container.record->restarts && forbid_restart(&container, err) < 0)
        return -1;
    if (checkpoint_dump(context, &container, request, err) < 0)
        return -1;
    return ends ? create_unmake(context, &container, NULL, err) : 0;
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
