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

/* reboot(2) ends init by SIGHUP or SIGINT, and nothing else can: pid_namespaces(7). */
static enum thole_restart kind_of(const struct monitor_end *end) {
    if (end->own_pid_namespace && end->how.by_signal && end->how.number == SIGHUP)
        return THOLE_RESTART_REBOOT;
    if (end->own_pid_namespace && end->how.by_signal && end->how.number == SIGINT)
        return THOLE_RESTART_HALT;
    const bool failed = end->how.by_signal || end->how.number != 0;
    return failed ? THOLE_RESTART_FAILURE : THOLE_RESTART_SUCCESS;
}

/* Doubled with each of @times, so that what fails at once does not keep the machine busy. */
static int64_t delay_after(unsigned times) {
    int64_t delay = FIRST_DELAY;
    for (unsigned i = 1; i < times && delay < LONGEST_DELAY; i++)
        delay *= 2;
    return delay < LONGEST_DELAY ? delay : LONGEST_DELAY;
}

int64_t monitor_restart_decide(struct monitor_restart *restart, const struct monitor_end *end) {
    const enum thole_restart kind = kind_of(end);
    if ((restart->policy & kind) == 0 || !end->how.known)
        return -1;
    restart->quick = end->lived < SOON ? restart->quick + 1 : 0;
    if (kind == THOLE_RESTART_REBOOT)
        return restart->quick <= FREE_REBOOTS ? 0 : delay_after(restart->quick - FREE_REBOOTS);
    if (end->asked_to_end)
        return -1;
    if (kind == THOLE_RESTART_FAILURE) {
        if (restart->limit > 0 && restart->failures >= restart->limit)
            return -1;
        restart->failures++;
    }
    return restart->delay > 0 ? restart->delay : delay_after(restart->quick);
}
