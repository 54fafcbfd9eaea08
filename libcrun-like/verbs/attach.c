/* SPDX-License-Identifier: Apache-2.0 */
/* thole_attach(): a terminal for the console that a keeper holds. */
#include "base/cleanup.h"
#include "monitor/console_socket.h"
#include "monitor/view.h"
#include "state/request.h"
#include "state/status.h"

static int check_running(struct container *container, struct thole_error *err) {
    enum thole_status status;
    if (container_status(container, &status, err) < 0)
        return -1;
    switch (status) {
    case THOLE_STATUS_STOPPED:
        return error_state(err, "cannot attach to a stopped container: container not running");
    case THOLE_STATUS_CREATING:
        return error_state(err, "cannot attach to a container that is being created");
    default:
        return 0;
    }
}

int thole_attach(const struct thole_context *context, const struct thole_attach_request *request,
                 int *ret_status, struct thole_error *err) {
    const struct thole_terminal_options *options = &request->terminal_options;
    cleanup_container struct container container = CONTAINER_INIT;
    if (request_check(request->reserved, err) < 0 || request_check(options->reserved, err) < 0 ||
        container_open(context, request->id, &container, err) < 0 ||
        check_running(&container, err) < 0)
        return -1;
    cleanup_close int connection = monitor_console_connect(&container, err);
    if (connection < 0)
        return -1;
    cleanup_monitor_view struct monitor_view view;
    if (monitor_view_prepare(options, &view, err) < 0)
        return -1;
    if (request->no_stdin)
        view.session.input = -1;
    view.session.console = request->console;
    view.session.connected = request->connected;
    view.session.userdata = request->userdata;
    return monitor_view_run(&context->log, &view, connection, ret_status, err);
}
