/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to systemd's manager: calls, and the end of their jobs. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

/** A connection to the system's or the user's systemd. */
struct systemd_bus {
    int socket;
    bool accepted;
    int64_t deadline; /* of the whole conversation, milliseconds of clock_now() */
    uint32_t serial;  /* of the last message sent */
    struct text sending;
    struct text received;
    /* The job that is waited for, and how it ended. */
    char job[128];
    char result[32];
};

#define SYSTEMD_BUS_INIT \
    { .socket = -1 }

int systemd_bus_open(bool user, struct systemd_bus *ret_bus, struct thole_error *err);
void systemd_bus_done(struct systemd_bus *bus);
#define cleanup_systemd_bus __attribute__((cleanup(systemd_bus_done)))

/** The D-Bus error of a call that failed; "" where there was none. */
struct systemd_failure {
    char name[128];
    char text[512];
};

/**
 * Calls @method of org.freedesktop.systemd1.Manager and waits for the answer. With @wait_for_job
 * the answer names a job, and its end is waited for, too. @body has the values of @signature;
 * @what begins the errors. Returns 0, or -1 with @err and @ret_failure filled in.
 */
int systemd_bus_call(struct systemd_bus *bus, const char *method, const char *signature,
                     const struct text *body, bool wait_for_job, const char *what,
                     struct systemd_failure *ret_failure, struct thole_error *err);
