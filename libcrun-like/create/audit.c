/* SPDX-License-Identifier: Apache-2.0 */
#include "create/audit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cgroup/directory.h"
#include "plan/audit.h"
#include "state/status.h"
#include "sys/audit.h"

/* What stands at the end of every record of a program: auditd's tools look for it. A sealed program
 * has no path: then it is the name that it was called by. */
static void append_end(struct text *text, bool done) {
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    path[length > 0 ? length : 0] = '\0';
    bool sealed = length <= 1 || text_starts_with(path, "/memfd:");
    plan_audit_append(text, "exe", sealed ? program_invocation_name : path);
    text_appendf(text, " hostname=? addr=? terminal=? res=%s", done ? "success" : "failed");
}

static int send_records(const struct plan_audit_records *records, bool must, bool done,
                        struct thole_error *err) {
    cleanup_close int fd = sys_audit_open(err);
    if (fd < 0)
        return -1;
    cleanup_text struct text end = {0};
    append_end(&end, done);
    for (size_t i = 0; i < records->count; i++) {
        cleanup_text struct text text = {0};
        text_append(&text, records->items[i].text);
        text_append(&text, end.data);
        if (sys_audit_send(fd, records->items[i].type, text.data, err) < 0)
            return -1;
    }
    /* A log that is off takes records as well. */
    int enabled = must ? sys_audit_is_enabled(fd, err) : 1;
    if (enabled == 0)
        return error_unsupported(err, NULL, "the kernel's audit log: it is switched off");
    return enabled < 0 ? -1 : 0;
}

static void warn(const struct thole_context *context, const struct thole_error *failure) {
    char line[sizeof(failure->where) + sizeof(failure->text) + 128];
    log_warning(&context->log, "%s", error_format(failure, line, sizeof(line)));
}

static struct plan_audit_subject subject_of(const struct container_record *record) {
    static const char *const keys[] = {PLAN_AUDIT_UUID, PLAN_AUDIT_UUID_OF_DOMAIN};
    struct plan_audit_subject subject = {.id = record->id};
    for (size_t i = 0; i < record->annotations.count; i++) {
        if (text_is_one_of(record->annotations.items[i].key, keys, 2))
            subject.uuid = record->annotations.items[i].value;
    }
    return subject;
}

static ino_t pid_namespace(pid_t pid) {
    char path[48];
    struct stat status;
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
    return stat(path, &status) == 0 ? status.st_ino : 0;
}

int create_audit_start(const struct thole_context *context, const struct creation *creation,
                       struct thole_error *err) {
    const struct plan *plan = creation->bundle.plan;
    if (plan->audit == NULL)
        return 0;
    cleanup_arena struct arena arena = {0};
    struct plan_audit_records records = {0};
    const struct plan_audit_subject subject = subject_of(creation->container.record);
    const pid_t init = creation->launched.pid;
    plan_audit_resources(&subject, plan, &arena, &records);
    plan_audit_machine(&subject, plan, &arena, &records);
    const struct plan_audit_control started = {
        .operation = PLAN_AUDIT_START, .reason = "booted", .maker = getpid()};
    plan_audit_control(&subject, &started, &arena, &records);
    const struct plan_audit_control has_init = {.operation = PLAN_AUDIT_INIT,
                                                .maker = getpid(),
                                                .init = init,
                                                .pid_namespace = pid_namespace(init)};
    plan_audit_control(&subject, &has_init, &arena, &records);
    struct thole_error failure = {0};
    const bool must = text_equal(plan->audit, "must");
    if (send_records(&records, must, true, &failure) == 0)
        return 0;
    if (must) {
        creation->container.record->audit = NULL; /* its end is not worth a second word */
        return error_copy(err, &failure);
    }
    warn(context, &failure);
    return 0;
}

/* A start that failed before there was an init has no end. */
static struct plan_audit_control end_of(const struct container *container, bool *ret_done) {
    const char *reason = container->end_reason != NULL ? container->end_reason : "shutdown";
    *ret_done = container->record->pid != 0;
    if (*ret_done)
        return (struct plan_audit_control){.operation = PLAN_AUDIT_STOP, .reason = reason};
    return (struct plan_audit_control){.operation = PLAN_AUDIT_START, .reason = "booted"};
}

void create_audit_end(const struct thole_context *context, const struct container *container) {
    if (container->record->audit == NULL)
        return;
    cleanup_arena struct arena arena = {0};
    struct plan_audit_records records = {0};
    struct thole_error failure = {0};
    const struct plan_audit_subject subject = subject_of(container->record);
    bool done = true;
    const struct plan_audit_control end = end_of(container, &done);
    plan_audit_control(&subject, &end, &arena, &records);
    if (send_records(&records, false, done, &failure) < 0)
        warn(context, &failure);
}

/* As the kernel writes it: "max", "-1", a number near its greatest one, "50000 100000". */
static uint64_t number_in(const char *text, uint64_t *ret_period) {
    enum { PAGE = 65536 };
    char *end = NULL;
    const int64_t number = strtoll(text, &end, 10);
    *ret_period = strtoull(end == text ? text + strcspn(text, " ") : end, NULL, 10);
    return end == text || number < 0 || number > INT64_MAX - PAGE ? PLAN_UNLIMITED
                                                                  : (uint64_t)number;
}

static bool read_former(struct arena *arena, const struct plan_cgroup *cgroup,
                        struct plan_cgroup_write *write) {
    char text[4096];
    cleanup_close int directory = cgroup_open_directory(&cgroup->directories[write->directory], "");
    if (directory < 0 || file_read_kernel(directory, write->file, text, sizeof(text)) < 0)
        return false;
    write->value = arena_strdup(arena, text);
    write->number = number_in(text, &write->period);
    return true;
}

struct plan_cgroup *create_audit_former(const struct thole_context *context,
                                        struct container *container,
                                        const struct plan_cgroup *cgroup) {
    struct arena *arena = &container->arena;
    if (container->record->audit == NULL &&
        plan_audit_mode(context->audit, THOLE_AUDIT_OFF) == NULL)
        return NULL;
    struct plan_cgroup *former = arena_new(arena, struct plan_cgroup);
    former->writes = arena_new_array(arena, cgroup->write_count + 1, struct plan_cgroup_write);
    for (size_t i = 0; i < cgroup->write_count; i++) {
        struct plan_cgroup_write *write = &former->writes[former->write_count];
        *write = cgroup->writes[i];
        if (plan_audit_tells(write->file) && read_former(arena, cgroup, write))
            former->write_count++;
    }
    return former;
}

void create_audit_update(const struct thole_context *context, struct container *container,
                         const struct plan_cgroup *cgroup, const struct plan_cgroup *former,
                         bool done) {
    if (former == NULL)
        return;
    cleanup_arena struct arena arena = {0};
    struct plan_audit_records records = {0};
    struct thole_error failure = {0};
    const struct plan_audit_subject subject = subject_of(container->record);
    plan_audit_update(&subject, cgroup, former, container_cgroup(container), &arena, &records);
    if (send_records(&records, false, done, &failure) < 0)
        warn(context, &failure);
}
