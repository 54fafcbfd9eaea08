/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper of an attachable container is asked for. */
#pragma once

#include "cli/options.h"
#include "thole.h"

/** As parsed. */
struct monitor_settings {
    struct thole_monitor wish;
    const char *restart;
    const char *restart_delay;
    const char *console_log_size;
    const char *log_size;
};

#define MONITOR_AT(offset, member) ((offset) + offsetof(struct monitor_settings, member))

/** Rows of an option table whose settings have a struct monitor_settings at @offset. */
#define MONITOR_OPTIONS(offset)                                                                    \
    OPTION_ROW("rm", 0, OPTION_FLAG, MONITOR_AT(offset, wish.remove), NULL,                        \
               "with --attachable: delete the container at its end"),                              \
        OPTION_ROW("restart", 0, OPTION_STRING, MONITOR_AT(offset, restart), "POLICY",             \
                   "with --attachable: no, reboot, on-failure[:N] or always: start it again"),     \
        OPTION_ROW("restart-delay", 0, OPTION_STRING, MONITOR_AT(offset, restart_delay), "TIME",   \
                   "wait so long before that (500ms, 5s, 1m), unless it has rebooted",             \
                   .not_empty = true),                                                             \
        OPTION_ROW("consoles", 0, OPTION_NUMBER, MONITOR_AT(offset, wish.consoles), "N",           \
                   "with --attachable: terminals /dev/tty1 ... for attach --console"),             \
        OPTION_ROW("log-size", 0, OPTION_STRING, MONITOR_AT(offset, log_size), "SIZE",             \
                   "with --attachable: keep so much output for thole logs (default: 1m; 0: none)", \
                   .not_empty = true),                                                             \
        OPTION_ROW("console-log", 0, OPTION_STRING, MONITOR_AT(offset, wish.console_log), "FILE",  \
                   "with --attachable: append what the console says to FILE", .not_empty = true),  \
        OPTION_ROW("console-log-size", 0, OPTION_STRING, MONITOR_AT(offset, console_log_size),     \
                   "SIZE", "begin that file anew when it has SIZE bytes (k, m, g)",                \
                   .not_empty = true),                                                             \
        OPTION_ROW("console-log-rotate", 0, OPTION_FLAG,                                           \
                   MONITOR_AT(offset, wish.console_log_rotate), NULL,                              \
                   "and keep what there was as FILE.1")

/** Makes @monitor of @settings, and @request ask for it if there is anything to ask for. */
int monitor_options_complete(const struct monitor_settings *settings, struct thole_monitor *monitor,
                             struct thole_run_request *request, struct thole_error *err);
