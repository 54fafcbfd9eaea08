/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of org.freedesktop.systemd1.Manager (org.freedesktop.systemd1(5)). */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifdef HAVE_LIBSYSTEMD
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup/events.h"
#include "cgroup/systemd_bus.h"

enum { TIMEOUT = 30 * 1000 /* milliseconds */ };

static const char destination[] = "org.freedesktop.systemd1";
static const char object[] = "/org/freedesktop/systemd1";
static const char interface[] = "org.freedesktop.systemd1.Manager";

static int bus_error(int code, const char *what, struct thole_error *err) {
    return error_set(err, THOLE_ERROR_HOST, -code, NULL, "%s", what);
}

static uint64_t microseconds_left(const struct systemd_bus *bus) {
    int64_t left = bus->deadline - cgroup_clock();
    return left > 0 ? (uint64_t)left * 1000 : 1;
}

/* JobRemoved: number, object path, unit, result. */
static int note_job(sd_bus_message *message, void *userdata, sd_bus_error *error) {
    (void)error;
    struct systemd_bus *bus = userdata;
    uint32_t number = 0;
    const char *job = NULL;
    const char *unit = NULL;
    const char *result = NULL;
    if (bus->library.read(message, "uoss", &number, &job, &unit, &result) >= 0 &&
        strcmp(job, bus->job) == 0)
        (void)snprintf(bus->result, sizeof(bus->result), "%s", result);
    return 0;
}

/* Opening only begins the greeting. */
static int wait_until_ready(struct systemd_bus *bus, struct thole_error *err) {
    for (;;) {
        int ready = bus->library.is_ready(bus->bus);
        if (ready > 0)
            return 0;
        int result = ready < 0 ? ready : bus->library.process(bus->bus, NULL);
        if (result == 0 && cgroup_clock() >= bus->deadline)
            return error_set(err, THOLE_ERROR_HOST, ETIMEDOUT, NULL,
                             "D-Bus has not answered within %d seconds", TIMEOUT / 1000);
        if (result == 0)
            result = bus->library.wait(bus->bus, microseconds_left(bus));
        if (result < 0 && result != -EINTR)
            return bus_error(result, "connect to D-Bus", err);
    }
}

int systemd_bus_open(bool user, struct systemd_bus *ret_bus, struct thole_error *err) {
    ret_bus->bus = NULL;
    if (libsystemd_open(&ret_bus->library, err) < 0)
        return -1;
    ret_bus->deadline = cgroup_clock() + TIMEOUT;
    int result = user ? ret_bus->library.open_user(&ret_bus->bus)
                      : ret_bus->library.open_system(&ret_bus->bus);
    if (result < 0) {
        bus_error(result, user ? "connect to the user's D-Bus" : "connect to the system's D-Bus",
                  err);
        if (user)
            return error_hint(err, "The user's systemd is found through XDG_RUNTIME_DIR or "
                                   "DBUS_SESSION_BUS_ADDRESS.");
        return error_hint(err, "Without systemd, use --cgroup-manager cgroupfs.");
    }
    return wait_until_ready(ret_bus, err);
}

void systemd_bus_done(struct systemd_bus *bus) {
    if (bus->bus != NULL)
        (void)bus->library.close(bus->bus);
    bus->bus = NULL;
}

int systemd_bus_message(struct systemd_bus *bus, const char *method, sd_bus_message **ret_message,
                        struct thole_error *err) {
    int result =
        bus->library.new_method_call(bus->bus, ret_message, destination, object, interface, method);
    return result < 0 ? bus_error(result, "make a D-Bus message", err) : 0;
}

/* ---- properties -------------------------------------------------------------------------------
 */

static int append_number(struct systemd_bus *bus, sd_bus_message *message,
                         const struct plan_systemd_property *property) {
    /* Smaller than int is passed as int. */
    if (property->type[0] == 'x' || property->type[0] == 't')
        return bus->library.append(message, property->type, property->number);
    return bus->library.append(message, property->type, (int)property->number);
}

static int append_strings(struct systemd_bus *bus, sd_bus_message *message,
                          const struct plan_systemd_property *property) {
    size_t step = strcmp(property->type, "a(ss)") == 0 ? 2 : 1;
    const struct plan_strings *strings = &property->strings;
    int result = bus->library.open_container(message, 'a', property->type + 1);
    for (size_t i = 0; result >= 0 && i + step <= strings->count; i += step)
        result = step == 2 ? bus->library.append(message, "(ss)", strings->items[i],
                                                 strings->items[i + 1])
                           : bus->library.append(message, "s", strings->items[i]);
    return result < 0 ? result : bus->library.close_container(message);
}

static int append_value(struct systemd_bus *bus, sd_bus_message *message,
                        const struct plan_systemd_property *property) {
    if (strcmp(property->type, "ay") == 0)
        return bus->library.append_array(message, 'y', property->bytes, property->byte_count);
    if (property->type[0] == 'a')
        return append_strings(bus, message, property);
    if (property->type[0] == 's')
        return bus->library.append(message, "s", property->strings.items[0]);
    return append_number(bus, message, property);
}

int systemd_bus_append_property(struct systemd_bus *bus, sd_bus_message *message,
                                const struct plan_systemd_property *property) {
    int result = bus->library.open_container(message, 'r', "sv");
    if (result >= 0)
        result = bus->library.append(message, "s", property->name);
    if (result >= 0)
        result = bus->library.open_container(message, 'v', property->type);
    if (result >= 0)
        result = append_value(bus, message, property);
    if (result >= 0)
        result = bus->library.close_container(message);
    return result < 0 ? result : bus->library.close_container(message);
}

/* ---- calls ------------------------------------------------------------------------------------
 */

static int wait_for_job(struct systemd_bus *bus, const char *what, struct thole_error *err) {
    while (bus->result[0] == '\0') {
        int result = bus->library.process(bus->bus, NULL);
        if (result == 0 && cgroup_clock() >= bus->deadline)
            return error_set(err, THOLE_ERROR_HOST, ETIMEDOUT, NULL,
                             "%s: systemd has not done it within %d seconds", what, TIMEOUT / 1000);
        if (result == 0)
            result = bus->library.wait(bus->bus, microseconds_left(bus));
        if (result < 0 && result != -EINTR)
            return bus_error(result, what, err);
    }
    if (strcmp(bus->result, "done") == 0)
        return 0;
    return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s: systemd's job ended with \"%s\"", what,
                     bus->result);
}

static int call_failed(int code, const sd_bus_error *error, const char *what,
                       struct systemd_failure *failure, struct thole_error *err) {
    (void)snprintf(failure->name, sizeof(failure->name), "%s",
                   error->name != NULL ? error->name : "");
    (void)snprintf(failure->text, sizeof(failure->text), "%s",
                   error->message != NULL ? error->message : "");
    if (code == -ETIMEDOUT)
        return error_set(err, THOLE_ERROR_HOST, ETIMEDOUT, NULL,
                         "%s: systemd has not answered within %d seconds", what, TIMEOUT / 1000);
    if (error->message == NULL)
        return bus_error(code, what, err);
    return error_set(err, THOLE_ERROR_HOST, 0, NULL, "%s: %s", what, error->message);
}

int systemd_bus_call(struct systemd_bus *bus, sd_bus_message *message, bool job, const char *what,
                     struct systemd_failure *ret_failure, struct thole_error *err) {
    const struct libsystemd *library = &bus->library;
    sd_bus_message *answer = NULL;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    const char *path = NULL;
    *ret_failure = (struct systemd_failure){0};
    bus->job[0] = bus->result[0] = '\0';
    /* The signal may come right behind the answer: asked for before. */
    int result = !job ? 0
                      : library->match_signal(bus->bus, NULL, destination, object, interface,
                                              "JobRemoved", note_job, bus);
    if (result >= 0)
        result = library->call(bus->bus, message, microseconds_left(bus), &error, &answer);
    (void)library->unref(message);
    if (result >= 0 && job)
        result = library->read(answer, "o", &path);
    if (result < 0)
        result = call_failed(result, &error, what, ret_failure, err);
    else if (job) {
        (void)snprintf(bus->job, sizeof(bus->job), "%s", path);
        result = wait_for_job(bus, what, err);
    }
    library->error_free(&error);
    if (answer != NULL)
        (void)library->unref(answer);
    return result < 0 ? -1 : 0;
}
#endif
