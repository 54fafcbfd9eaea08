/* SPDX-License-Identifier: Apache-2.0 */
/* thole_attach(): a terminal for the console that a keeper holds. */
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "monitor/console_socket.h"
#include "state/request.h"
#include "state/status.h"
#include "terminal/console_client.h"

static int check_running(const struct container *container, struct thole_error *err) {
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
    cleanup_terminal_recorder struct terminal_recorder recorder = TERMINAL_RECORDER_INIT;
    struct terminal_console_view view = {
        .input = request->no_stdin ? -1 : 0,
        .outputs = {1, 2},
        .recorder = &recorder,
        .console = request->console,
        .connected = request->connected,
        .userdata = request->userdata,
    };
    if (request_check(request->reserved, err) < 0 || request_check(options->reserved, err) < 0 ||
        terminal_detach_keys_parse(options->detach_keys, &view.detach_keys, err) < 0 ||
        container_open(context, request->id, &container, err) < 0 ||
        check_running(&container, err) < 0)
        return -1;
    cleanup_close int connection = monitor_console_connect(&container, err);
    if (connection < 0 ||
        terminal_recorder_open(options->log_file, options->record_file, &recorder, err) < 0)
        return -1;
    view.connection = connection;
    int status = terminal_console_view(&view, err);
    if (recorder.failure != 0)
        log_warning(&context->log, "the session is not completely recorded: %s",
                    strerror(recorder.failure));
    if (status < 0)
        return -1;
    *ret_status = status;
    return 0;
}
