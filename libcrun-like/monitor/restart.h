/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container that has ended is started once more, and when. */
#pragma once

#include "terminal/console_server.h"
#include "thole.h"

/** What there has been so far. */
struct monitor_restart {
    unsigned policy;   /* THOLE_RESTART_* */
    unsigned limit;    /* of starts after failures, 0: none */
    unsigned delay;    /* milliseconds, 0: growing */
    unsigned failures; /* after which it was started again */
    unsigned quick;    /* how often in a row it ended soon after its start */
};

/** One end of a container. */
struct monitor_end {
    struct terminal_end how;
    bool
        own_pid_namespace; /* reboot(2) ends init by a signal there: reboot(2), pid_namespaces(7) */
    bool asked_to_end;     /* by thole_kill() */
    int64_t lived;         /* milliseconds */
};

/** Returns after how many milliseconds it is started again, or -1: not any more. */
int64_t monitor_restart_decide(struct monitor_restart *restart, const struct monitor_end *end);
