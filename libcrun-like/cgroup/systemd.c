/* SPDX-License-Identifier: Apache-2.0 */
/* Transient units of systemd (systemd.scope(5), org.freedesktop.systemd1(5)). */
#include "cgroup/systemd.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cgroup/dbus_message.h"
#include "cgroup/events.h"
#include "cgroup/systemd_bus.h"
#include "sys/clone.h"
#include "sys/process_calls.h"

enum { START_ROUNDS = 12, PROPERTIES_MAX = 256 };

static bool is_slice(const struct plan_cgroup *cgroup) {
    return text_ends_with(cgroup->systemd_scope, ".slice");
}

/* ---- the holder ------------------------------------------------------------------------------ */

static _Noreturn void hold(void) {
    (void)prctl(PR_SET_NAME, "thole-holder", 0, 0, 0);
    for (;;)
        (void)pause();
}

static int start_holder(int *ret_holder, pid_t *ret_pid, struct thole_error *err) {
    pid_t pid = sys_clone_helper(0, ret_holder);
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
    (void)uninterrupted(waitid(P_PIDFD, (id_t)holder, &info, WEXITED));
    (void)close(holder);
}

/* ---- properties ------------------------------------------------------------------------------ */

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

static void put_strings(struct text *body, const struct plan_systemd_property *property) {
    const bool pairs = strcmp(property->type, "a(ss)") == 0;
    const struct plan_strings *strings = &property->strings;
    struct dbus_array array = dbus_open_array(body, property->type[1]);
    for (size_t i = 0; i < strings->count; i++) {
        if (pairs && i % 2 == 0)
            dbus_put_struct(body);
        dbus_put_string(body, strings->items[i]);
    }
    dbus_close_array(body, array);
}

static void put_value(struct text *body, const struct plan_systemd_property *property) {
    const char *type = property->type;
    if (strcmp(type, "ay") == 0 || strcmp(type, "au") == 0) {
        struct dbus_array array = dbus_open_array(body, type[1]);
        for (size_t i = 0; type[1] == 'y' && i < property->byte_count; i++)
            dbus_put_number(body, 'y', property->bytes[i]);
        if (type[1] == 'u')
            dbus_put_number(body, 'u', property->number);
        dbus_close_array(body, array);
    } else if (type[0] == 'a') {
        put_strings(body, property);
    } else if (type[0] == 's') {
        dbus_put_string(body, property->strings.items[0]);
    } else {
        dbus_put_number(body, type[0] == 'b' ? 'u' : type[0], property->number);
    }
}

/* "(sv)" */
static void put_property(struct text *body, const struct plan_systemd_property *property) {
    dbus_put_struct(body);
    dbus_put_string(body, property->name);
    dbus_put_signature(body, property->type);
    put_value(body, property);
}

static void put_plan(struct text *body, const struct plan_cgroup *cgroup,
                     const struct left_out *left_out) {
    for (size_t i = 0; i < cgroup->systemd_property_count; i++) {
        if (!left_out->property[i])
            put_property(body, &cgroup->systemd_properties[i]);
    }
}

static void put_word(struct text *body, const char *name, const char *type, const char *word) {
    char *items[] = {(char *)(uintptr_t)word, NULL};
    put_property(body, &(struct plan_systemd_property){
                           .name = name, .type = type, .strings = {.items = items, .count = 1}});
}

static void put_number(struct text *body, const char *name, const char *type, uint64_t number) {
    put_property(body,
                 &(struct plan_systemd_property){.name = name, .type = type, .number = number});
}

/* What every unit of a container has, unless an annotation says otherwise. */
static void put_basics(struct text *body, const struct plan_cgroup *cgroup, pid_t holder) {
    static const struct {
        const char *name;
        bool value;
        bool scope_only;
    } flags[] = {
        {"Delegate", true, true},         {"DefaultDependencies", false, false},
        {"CPUAccounting", true, false},   {"MemoryAccounting", true, false},
        {"TasksAccounting", true, false}, {"IOAccounting", true, false},
    };
    char description[300];
    (void)snprintf(description, sizeof(description), "thole container %s", cgroup->systemd_scope);
    put_word(body, "Description", "s", description);
    if (is_slice(cgroup)) {
        put_word(body, "Wants", "as", cgroup->systemd_slice);
    } else {
        put_word(body, "Slice", "s", cgroup->systemd_slice);
        put_number(body, "PIDs", "au", (uint64_t)holder);
    }
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (!(flags[i].scope_only && is_slice(cgroup)) && !plan_has(cgroup, flags[i].name))
            put_number(body, flags[i].name, "b", flags[i].value);
    }
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

/* ---- starting -------------------------------------------------------------------------------- */

static int reset_failed(struct systemd_bus *bus, const char *unit) {
    struct systemd_failure failure;
    cleanup_text struct text body = {0};
    dbus_put_string(&body, unit);
    return systemd_bus_call(bus, "ResetFailedUnit", "s", &body, false, "reset the unit", &failure,
                            NULL);
}

static int start_once(struct systemd_bus *bus, const struct plan_cgroup *cgroup, pid_t holder,
                      const struct left_out *left_out, struct systemd_failure *failure,
                      struct thole_error *err) {
    cleanup_text struct text body = {0};
    char what[300];
    dbus_put_string(&body, cgroup->systemd_scope);
    dbus_put_string(&body, "fail");
    struct dbus_array properties = dbus_open_array(&body, '(');
    put_basics(&body, cgroup, holder);
    put_plan(&body, cgroup, left_out);
    dbus_close_array(&body, properties);
    dbus_close_array(&body, dbus_open_array(&body, '('));
    (void)snprintf(what, sizeof(what), "start %s", cgroup->systemd_scope);
    return systemd_bus_call(bus, "StartTransientUnit", "ssa(sv)a(sa(sv))", &body, true, what,
                            failure, err);
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
    cleanup_systemd_bus struct systemd_bus bus = SYSTEMD_BUS_INIT;
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

/* ---- later ----------------------------------------------------------------------------------- */

/* systemd answers before it writes what it was told to the cgroup's files, rounded; it takes the
 * next call after that. */
static int wait_until_written(struct systemd_bus *bus, const char *unit, struct thole_error *err) {
    struct systemd_failure failure;
    cleanup_text struct text body = {0};
    dbus_put_string(&body, unit);
    return systemd_bus_call(bus, "GetUnit", "s", &body, false, "look for the unit", &failure, err);
}

int systemd_unit_update(const struct plan_cgroup *cgroup, const struct thole_log *log,
                        struct thole_error *err) {
    cleanup_systemd_bus struct systemd_bus bus = SYSTEMD_BUS_INIT;
    struct left_out left_out = {0};
    struct systemd_failure failure = {0};
    if (cgroup->systemd_property_count == 0)
        return 0;
    if (check_count(cgroup, err) < 0 || systemd_bus_open(cgroup->systemd_user, &bus, err) < 0)
        return -1;
    for (;;) {
        cleanup_text struct text body = {0};
        dbus_put_string(&body, cgroup->systemd_scope);
        dbus_put_number(&body, 'u', true); /* for as long as the unit lives */
        struct dbus_array properties = dbus_open_array(&body, '(');
        put_plan(&body, cgroup, &left_out);
        dbus_close_array(&body, properties);
        if (systemd_bus_call(&bus, "SetUnitProperties", "sba(sv)", &body, false,
                             "set the unit's properties", &failure, err) == 0)
            return wait_until_written(&bus, cgroup->systemd_scope, err);
        if (!leave_out(cgroup, &failure, &left_out, log))
            return -1;
        *err = (struct thole_error){0};
    }
}

int systemd_unit_stop(const struct plan_cgroup *cgroup, struct thole_error *err) {
    cleanup_systemd_bus struct systemd_bus bus = SYSTEMD_BUS_INIT;
    struct systemd_failure failure = {0};
    struct thole_error stopping = {0};
    cleanup_text struct text body = {0};
    char what[300];
    if (systemd_bus_open(cgroup->systemd_user, &bus, err) < 0)
        return -1;
    dbus_put_string(&body, cgroup->systemd_scope);
    dbus_put_string(&body, "replace");
    (void)snprintf(what, sizeof(what), "stop %s", cgroup->systemd_scope);
    int result = systemd_bus_call(&bus, "StopUnit", "ss", &body, true, what, &failure, &stopping);
    (void)reset_failed(&bus, cgroup->systemd_scope);
    if (result == 0 || strcmp(failure.name, "org.freedesktop.systemd1.NoSuchUnit") == 0)
        return 0;
    return error_copy(err, &stopping);
}
