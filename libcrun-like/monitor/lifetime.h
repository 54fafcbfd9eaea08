/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper of a container does from its first start to its last end. */
#pragma once

#include "create/create.h"
#include "monitor/programs.h"
#include "monitor/restart.h"
#include "terminal/console_server.h"

/** What the console says is written here: a file of the caller's choice, the container's own log.
 */
enum { MONITOR_LOG_FILE, MONITOR_LOG_KEPT, MONITOR_LOGS };

/** All that the keeper holds. */
struct monitor_lifetime {
    struct thole_context context;
    struct thole_run_request request; /* of the next start */
    struct thole_monitor wish;
    struct creation creation;
    struct console_server *server;
    struct terminal_console *consoles; /* of a program that is being started */
    struct terminal_console_log logs[MONITOR_LOGS];
    int listener;
    struct monitor_namespaces namespaces;
    struct monitor_restart restart;
    struct terminal_end last; /* how the program ended that ran last */
    pid_t pid;                /* of init */
    bool own_pid_namespace;
    int64_t started; /* when */
    char *state;     /* what programs are told of the container, NULL: there are none */
};

/**
 * Creates and starts the container that @request describes, as a child of this process, which has
 * no descriptors but its standard streams and those that are passed on. After a failure nothing is
 * left.
 */
int monitor_lifetime_begin(struct monitor_lifetime *life, const struct thole_context *context,
                           const struct thole_run_request *request, struct thole_error *err);

/** To the end. Standard streams and current directory are nobody's any more. */
void monitor_lifetime_go_on(struct monitor_lifetime *life);

/** After monitor_lifetime_begin(): nothing of the container is left. */
void monitor_lifetime_undo(struct monitor_lifetime *life);
