/* SPDX-License-Identifier: Apache-2.0 */
/* Transient units of systemd (systemd.scope(5), org.freedesktop.systemd1(5)). */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "cgroup/systemd.h"

#ifdef HAVE_LIBSYSTEMD
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cgroup/events.h"
#include "cgroup/systemd_bus.h"
#include "sys/clone.h"
#include "sys/process_calls.h"

enum { START_ROUNDS = 12, PROPERTIES_MAX = 256 };

static bool is_slice(const struct plan_cgroup *cgroup) {
    return text_ends_with(cgroup->systemd_scope, ".slice");
}

/* ---- the holder -------------------------------------------------------------------------------
 */

static _Noreturn void hold(void) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_NAME, "thole-holder", 0, 0, 0);
    for (;;)
        (void)pause();
}

static int start_holder(int *ret_holder, pid_t *ret_pid, struct thole_error *err) {
    pid_t pid = sys_clone(0, -1, ret_holder);
    if (pid < 0)
        return error_errno(err, NULL, "fork");
    if (pid == 0)
        hold();
    *ret_pid = pid;
    return 0;
}

void systemd_holder_end(int holder) {
    siginfo_t info;
    if (holder < 0)
        return;
    (void)pidfd_send_signal(holder, SIGKILL, NULL, 0);
    while (waitid(P_PIDFD, (id_t)holder, &info, WEXITED) < 0 && errno == EINTR)
        continue;
    (void)close(holder);
}

/* ---- properties -------------------------------------------------------------------------------
 */

/* Which of the plan's properties this systemd does not know. */
struct left_out {
    bool property[PROPERTIES_MAX];
};

static bool plan_has(const struct plan_cgroup *cgroup, const char *name) {
    for (size_t i = 0; i < cgroup->systemd_property_count; i++) {
        if (strcmp(cgroup->systemd_properties[i].name, name) == 0)
            return true;
    }
    return false;
}

static int append_plan(struct systemd_bus *bus, sd_bus_message *message,
                       const struct plan_cgroup *cgroup, const struct left_out *left_out) {
    int result = 0;
    for (size_t i = 0; result >= 0 && i < cgroup->systemd_property_count; i++) {
        if (!left_out->property[i])
            result = systemd_bus_append_property(bus, message, &cgroup->systemd_properties[i]);
    }
    return result;
}

/* What every unit of a container has, unless an annotation says otherwise. */
static int append_basics(struct systemd_bus *bus, sd_bus_message *message,
                         const struct plan_cgroup *cgroup, pid_t holder) {
    static const struct {
        const char *name;
        int value;
        bool scope_only;
    } flags[] = {
        {"Delegate", 1, true},         {"DefaultDependencies", 0, false},
        {"CPUAccounting", 1, false},   {"MemoryAccounting", 1, false},
        {"TasksAccounting", 1, false}, {"IOAccounting", 1, false},
    };
    const struct libsystemd *library = &bus->library;
    char description[300];
    (void)snprintf(description, sizeof(description), "thole container %s", cgroup->systemd_scope);
    int result = library->append(message, "(sv)", "Description", "s", description);
    if (result >= 0 && is_slice(cgroup))
        result = library->append(message, "(sv)", "Wants", "as", 1, cgroup->systemd_slice);
    else if (result >= 0)
        result = library->append(message, "(sv)(sv)", "Slice", "s", cgroup->systemd_slice, "PIDs",
                                 "au", 1, (uint32_t)holder);
    for (size_t i = 0; result >= 0 && i < sizeof(flags) / sizeof(flags[0]); i++) {
        if ((flags[i].scope_only && is_slice(cgroup)) || plan_has(cgroup, flags[i].name))
            continue;
        result = library->append(message, "(sv)", flags[i].name, "b", flags[i].value);
    }
    return result;
}

/*
 * systemd refuses the whole call for one property it does not know, and names it. Limits are
 * written to the cgroup's files as well: without such a one the unit is still right. True if there
 * is something less to ask for.
 */
static bool leave_out(const struct plan_cgroup *cgroup, const struct systemd_failure *failure,
                      struct left_out *left_out, const struct thole_log *log) {
    for (size_t i = 0; i < cgroup->systemd_property_count; i++) {
        const struct plan_systemd_property *property = &cgroup->systemd_properties[i];
        if (!property->optional || left_out->property[i] ||
            strstr(failure->text, property->name) == NULL)
            continue;
        log_debug(log, "systemd: %s: %s left out", failure->text, property->name);
        left_out->property[i] = true;
        return true;
    }
    return false;
}

static int check_count(const struct plan_cgroup *cgroup, struct thole_error *err) {
    if (cgroup->systemd_property_count <= PROPERTIES_MAX)
        return 0;
    return error_config(err, cgroup->where, "more than %d properties for systemd", PROPERTIES_MAX);
}

/* ---- starting ---------------------------------------------------------------------------------
 */

static int reset_failed(struct systemd_bus *bus, const char *unit) {
    struct systemd_failure failure;
    sd_bus_message *message = NULL;
    if (systemd_bus_message(bus, "ResetFailedUnit", &message, NULL) < 0)
        return -1;
    (void)bus->library.append(message, "s", unit);
    return systemd_bus_call(bus, message, false, "reset the unit", &failure, NULL);
}

static int start_once(struct systemd_bus *bus, const struct plan_cgroup *cgroup, pid_t holder,
                      const struct left_out *left_out, struct systemd_failure *failure,
                      struct thole_error *err) {
    const struct libsystemd *library = &bus->library;
    sd_bus_message *message = NULL;
    if (systemd_bus_message(bus, "StartTransientUnit", &message, err) < 0)
        return -1;
    int result = library->append(message, "ss", cgroup->systemd_scope, "fail");
    if (result >= 0)
        result = library->open_container(message, 'a', "(sv)");
    if (result >= 0)
        result = append_basics(bus, message, cgroup, holder);
    if (result >= 0)
        result = append_plan(bus, message, cgroup, left_out);
    if (result >= 0)
        result = library->close_container(message);
    if (result >= 0)
        result = library->append(message, "a(sa(sv))", 0);
    if (result < 0) {
        (void)library->unref(message);
        return error_set(err, THOLE_ERROR_HOST, -result, cgroup->where, "make a D-Bus message");
    }
    char what[300];
    (void)snprintf(what, sizeof(what), "start %s", cgroup->systemd_scope);
    return systemd_bus_call(bus, message, true, what, failure, err);
}

static bool already_exists(const struct systemd_failure *failure) {
    return strcmp(failure->name, "org.freedesktop.systemd1.UnitExists") == 0;
}

/* A unit of the same name that has failed or is about to go makes way; one that lives does not. */
static int start_unit(struct systemd_bus *bus, const struct plan_cgroup *cgroup, pid_t holder,
                      const struct thole_log *log, struct thole_error *err) {
    struct left_out left_out = {0};
    struct systemd_failure failure = {0};
    for (unsigned exists = 0;;) {
        if (start_once(bus, cgroup, holder, &left_out, &failure, err) == 0)
            return 0;
        if (already_exists(&failure) && exists < START_ROUNDS) {
            (void)reset_failed(bus, cgroup->systemd_scope);
            cgroup_pause(exists++);
        } else if (already_exists(&failure)) {
            return error_set(err, THOLE_ERROR_STATE, 0, cgroup->where, "the unit %s exists already",
                             cgroup->systemd_scope);
        } else if (!leave_out(cgroup, &failure, &left_out, log)) {
            return -1;
        }
        *err = (struct thole_error){0};
    }
}

int systemd_unit_start(const struct plan_cgroup *cgroup, const struct thole_log *log,
                       int *ret_holder, pid_t *ret_pid, struct thole_error *err) {
    cleanup_systemd_bus struct systemd_bus bus = {0};
    int holder = -1;
    *ret_pid = -1;
    if (check_count(cgroup, err) < 0 || systemd_bus_open(cgroup->systemd_user, &bus, err) < 0)
        return -1;
    if (!is_slice(cgroup) && start_holder(&holder, ret_pid, err) < 0)
        return -1;
    if (start_unit(&bus, cgroup, *ret_pid, log, err) < 0) {
        systemd_holder_end(holder);
        return -1;
    }
    *ret_holder = holder;
    return 0;
}

/* ---- later ------------------------------------------------------------------------------------
 */

int systemd_unit_update(const struct plan_cgroup *cgroup, const struct thole_log *log,
                        struct thole_error *err) {
    cleanup_systemd_bus struct systemd_bus bus = {0};
    struct left_out left_out = {0};
    struct systemd_failure failure = {0};
    if (cgroup->systemd_property_count == 0)
        return 0;
    if (check_count(cgroup, err) < 0 || systemd_bus_open(cgroup->systemd_user, &bus, err) < 0)
        return -1;
    for (;;) {
        sd_bus_message *message = NULL;
        if (systemd_bus_message(&bus, "SetUnitProperties", &message, err) < 0)
            return -1;
        int result = bus.library.append(message, "sb", cgroup->systemd_scope, 1);
        if (result >= 0)
            result = bus.library.open_container(message, 'a', "(sv)");
        if (result >= 0)
            result = append_plan(&bus, message, cgroup, &left_out);
        if (result >= 0)
            result = bus.library.close_container(message);
        if (result < 0) {
            (void)bus.library.unref(message);
            return error_set(err, THOLE_ERROR_HOST, -result, NULL, "make a D-Bus message");
        }
        if (systemd_bus_call(&bus, message, false, "set the unit's properties", &failure, err) == 0)
            return 0;
        if (!leave_out(cgroup, &failure, &left_out, log))
            return -1;
        *err = (struct thole_error){0};
    }
}

int systemd_unit_stop(const struct plan_cgroup *cgroup, struct thole_error *err) {
    cleanup_systemd_bus struct systemd_bus bus = {0};
    struct systemd_failure failure = {0};
    struct thole_error stopping = {0};
    sd_bus_message *message = NULL;
    if (systemd_bus_open(cgroup->systemd_user, &bus, err) < 0 ||
        systemd_bus_message(&bus, "StopUnit", &message, err) < 0)
        return -1;
    (void)bus.library.append(message, "ss", cgroup->systemd_scope, "replace");
    char what[300];
    (void)snprintf(what, sizeof(what), "stop %s", cgroup->systemd_scope);
    int result = systemd_bus_call(&bus, message, true, what, &failure, &stopping);
    (void)reset_failed(&bus, cgroup->systemd_scope);
    if (result == 0 || strcmp(failure.name, "org.freedesktop.systemd1.NoSuchUnit") == 0)
        return 0;
    if (err != NULL)
        *err = stopping;
    return -1;
}
#else
static int not_built_in(struct thole_error *err) {
    return error_set(err, THOLE_ERROR_UNSUPPORTED, 0, NULL,
                     "the systemd cgroup manager is not built in: use --cgroup-manager cgroupfs");
}

int systemd_unit_start(const struct plan_cgroup *cgroup, const struct thole_log *log,
                       int *ret_holder, pid_t *ret_pid, struct thole_error *err) {
    (void)cgroup, (void)log, (void)ret_holder, (void)ret_pid;
    return not_built_in(err);
}

void systemd_holder_end(int holder) {
    (void)holder;
}

int systemd_unit_update(const struct plan_cgroup *cgroup, const struct thole_log *log,
                        struct thole_error *err) {
    (void)cgroup, (void)log;
    return not_built_in(err);
}

int systemd_unit_stop(const struct plan_cgroup *cgroup, struct thole_error *err) {
    (void)cgroup;
    return not_built_in(err);
}
#endif
