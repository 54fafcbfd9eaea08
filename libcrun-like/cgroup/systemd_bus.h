/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to systemd's manager: calls, their properties, and the end of jobs. */
#ifndef CGROUP_SYSTEMD_BUS_H
#define CGROUP_SYSTEMD_BUS_H

#include <stdint.h>

#include "cgroup/libsystemd.h"
#include "plan/plan.h"

/** A connection to the system's or the user's systemd. */
struct systemd_bus {
    struct libsystemd library;
    sd_bus *bus;
    int64_t deadline; /* of the whole conversation, milliseconds of cgroup_clock() */
    /* The job that is waited for, and how it ended. */
    char job[128];
    char result[32];
};

int systemd_bus_open(bool user, struct systemd_bus *ret_bus, struct thole_error *err);
void systemd_bus_done(struct systemd_bus *bus);
#define cleanup_systemd_bus __attribute__((cleanup(systemd_bus_done)))

/** A new call of a method of org.freedesktop.systemd1.Manager; released by systemd_bus_call(). */
int systemd_bus_message(struct systemd_bus *bus, const char *method, sd_bus_message **ret_message,
                        struct thole_error *err);

/** Appends "(sv)"; negative errno like all of sd-bus. */
int systemd_bus_append_property(struct systemd_bus *bus, sd_bus_message *message,
                                const struct plan_systemd_property *property);

/** The D-Bus error of a call that failed. */
struct systemd_failure {
    char name[128];
    char text[512];
};

/**
 * Sends @message (consumed) and waits for the answer. With @wait_for_job the answer names a job,
 * and its end is waited for, too. Returns 0, or -1 with @err and @ret_failure filled in.
 */
int systemd_bus_call(struct systemd_bus *bus, sd_bus_message *message, bool wait_for_job,
                     const char *what, struct systemd_failure *ret_failure,
                     struct thole_error *err);

#endif
