/* SPDX-License-Identifier: Apache-2.0 */
/* A session with a console that a keeper serves. */
#include "monitor/view.h"

#include <string.h>

#include "base/log.h"

int monitor_view_prepare(const struct thole_terminal_options *options,
                         struct monitor_view *ret_view, struct thole_error *err) {
    *ret_view = (struct monitor_view){.session = {.input = 0, .outputs = {1, 2}},
                                      .recorder = TERMINAL_RECORDER_INIT};
    ret_view->session.recorder = &ret_view->recorder;
    if (terminal_detach_keys_parse(options->detach_keys, &ret_view->session.detach_keys, err) < 0)
        return -1;
    ret_view->session.detach_keys.doubled = options->detach_doubled;
    return terminal_recorder_open(options->log_file, options->record_file, &ret_view->recorder,
                                  err);
}

int monitor_view_run(const struct thole_log *log, struct monitor_view *view, int connection,
                     int *ret_status, struct thole_error *err) {
    view->session.connection = connection;
    int status = terminal_console_view(&view->session, err);
    if (view->recorder.failure != 0)
        log_warning(log, "the session is not completely recorded: %s",
                    strerror(view->recorder.failure));
    if (status < 0)
        return -1;
    *ret_status = status;
    return 0;
}

void monitor_view_done(struct monitor_view *view) {
    terminal_recorder_done(&view->recorder);
}
