/* SPDX-License-Identifier: Apache-2.0 */
/* thole_run(): create and start in one process, wait in the foreground, delete. */
#include "base/cleanup.h"
#include "base/phases.h"
#include "create/start.h"
#include "monitor/keeper.h"
#include "monitor/view.h"
#include "state/request.h"
#include "verbs/foreground.h"

static int make(const struct thole_context *context, const struct thole_run_request *request,
                bool gated, struct creation *creation, struct thole_error *err) {
    if (create_build(context, &request->create, gated, gated, creation, err) < 0)
        return -1;
    if (create_start(request, creation, err) == 0)
        return 0;
    create_undo(context, creation);
    return -1;
}

static int make_in_foreground(const struct thole_context *context, const void *wish,
                              struct creation *creation, struct thole_error *err) {
    return make(context, wish, false, creation, err);
}

/* In the foreground the caller is the first to look on, and misses nothing. */
static int run_with_keeper(const struct thole_context *context,
                           const struct thole_run_request *request, int *ret_status,
                           struct thole_error *err) {
    cleanup_close int connection = -1;
    cleanup_monitor_view struct monitor_view view;
    if (monitor_view_prepare(&request->terminal_options, &view, err) < 0 ||
        monitor_keeper_run(context, request, &connection, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "start");
    if (request->detach)
        return 0;
    view.session.passes_signals = true;
    if (monitor_view_run(&context->log, &view, connection, ret_status, err) < 0)
        return -1;
    if (view.session.detached)
        foreground_tell_way_back(context, request);
    return 0;
}

int thole_run(const struct thole_context *context, const struct thole_run_request *request,
              int *ret_status, struct thole_error *err) {
    cleanup_creation struct creation creation = CREATION_INIT;
    *ret_status = 0;
    if (request_check(request->reserved, err) < 0 ||
        request_check(request->create.reserved, err) < 0 ||
        request_check(request->terminal_options.reserved, err) < 0 ||
        (request->monitor != NULL && request_check(request->monitor->reserved, err) < 0))
        return -1;
    if (request->monitor != NULL && !request->attachable)
        return error_usage(err, "what a keeper does is for containers that run attachable");
    if (request->attachable)
        return run_with_keeper(context, request, ret_status, err);
    if (!request->detach)
        return foreground_run(context, request, make_in_foreground, request, &creation, ret_status,
                              err);
    if (make(context, request, true, &creation, err) < 0)
        return -1;
    phases_end(context->phases, PHASES_RUNTIME, "start");
    return 0;
}
