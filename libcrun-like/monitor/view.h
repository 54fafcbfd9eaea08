/* SPDX-License-Identifier: Apache-2.0 */
/* A session of the caller's terminal, or its fds 0 to 2, with a console that a keeper serves. */
#pragma once

#include "terminal/console_client.h"
#include "thole.h"

struct monitor_view {
    struct terminal_console_view session;
    struct terminal_recorder recorder;
};

/** Opens what @options ask for, so that what is wrong with them is an early error. */
int monitor_view_prepare(const struct thole_terminal_options *options,
                         struct monitor_view *ret_view, struct thole_error *err);

/** Until the container ends, with its status, or the session: see terminal_console_view(). */
int monitor_view_run(const struct thole_log *log, struct monitor_view *view, int connection,
                     int *ret_status, struct thole_error *err);

void monitor_view_done(struct monitor_view *view);
#define cleanup_monitor_view __attribute__((cleanup(monitor_view_done)))
