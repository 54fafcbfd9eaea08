/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container that has ended is started once more, and when. */
#include "monitor/restart.h"

#include <signal.h>

enum {
    SOON = 10000, /* an end within so many milliseconds counts as one that comes from the start */
    FIRST_DELAY = 100,
    LONGEST_DELAY = 60000,
    FREE_REBOOTS = 3, /* in a row, before they are taken for a loop */
};

bool monitor_is_reboot(const struct monitor_end *end) {
    return end->own_pid_namespace && end->how.by_signal && end->how.number == SIGHUP;
}

bool monitor_is_halt(const struct monitor_end *end) {
    return end->own_pid_namespace && end->how.by_signal && end->how.number == SIGINT;
}

/* Doubled with each of @times, so that what fails at once does not keep the machine busy. */
static int64_t delay_after(unsigned times) {
    int64_t delay = FIRST_DELAY;
    for (unsigned i = 1; i < times && delay < LONGEST_DELAY; i++)
        delay *= 2;
    return delay < LONGEST_DELAY ? delay : LONGEST_DELAY;
}

int64_t monitor_restart_decide(struct monitor_restart *restart, const struct monitor_end *end) {
    const bool failed = end->how.by_signal || end->how.number != 0;
    if (restart->policy == THOLE_RESTART_NEVER || !end->how.known)
        return -1;
    restart->quick = end->lived < SOON ? restart->quick + 1 : 0;
    if (monitor_is_reboot(end))
        return restart->quick <= FREE_REBOOTS ? 0 : delay_after(restart->quick - FREE_REBOOTS);
    if (restart->policy == THOLE_RESTART_REBOOT || monitor_is_halt(end) || end->asked_to_end ||
        (restart->policy == THOLE_RESTART_FAILURE && !failed))
        return -1;
    if (failed && restart->limit > 0 && restart->failures >= restart->limit)
        return -1;
    restart->failures += failed ? 1 : 0;
    return delay_after(restart->quick);
}
