/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hook audit: the kernel's audit log hears that a container starts and that it has ended,
 * whichever runtime makes it. The records are those of thole itself (docs/audit.md), which tells
 * more: what the container is given as well.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../hook.h"
#include "base/text.h"
#include "plan/audit.h"
#include "sys/audit.h"

static const char *must;

static const struct hook_option options[] = {
    {"must", NULL, "no container starts that cannot be told of (default: a warning)", &must},
    {NULL, NULL, NULL, NULL},
};

static const struct hook_program program = {
    .name = "audit",
    .summary = "tells the kernel's audit log of the start and the end of containers",
    .stages = "createRuntime (or prestart) and poststop",
    .options = options,
};

static ino_t pid_namespace(pid_t pid) {
    char path[48];
    struct stat status;
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
    return stat(path, &status) == 0 ? status.st_ino : 0;
}

/* A start is two records: its maker goes on, and it has an init. */
static void add_records(const struct hook_state *state, struct arena *arena,
                        struct plan_audit_records *records) {
    const struct plan_audit_subject subject = {.id = state->id,
                                               .uuid = hook_annotation(state, PLAN_AUDIT_UUID)};
    if (state->status && strcmp(state->status, "stopped") == 0) {
        const struct plan_audit_control stop = {.operation = PLAN_AUDIT_STOP, .reason = "shutdown"};
        plan_audit_control(&subject, &stop, arena, records);
        return;
    }
    if (state->pid <= 1)
        hook_fail("the state has no process of the host: this is a createRuntime hook");
    const struct plan_audit_control start = {
        .operation = PLAN_AUDIT_START, .reason = "booted", .maker = getppid()};
    const struct plan_audit_control init = {.operation = PLAN_AUDIT_INIT,
                                            .maker = getppid(),
                                            .init = state->pid,
                                            .pid_namespace = pid_namespace(state->pid)};
    plan_audit_control(&subject, &start, arena, records);
    plan_audit_control(&subject, &init, arena, records);
}

static int send_records(const struct plan_audit_records *records, struct thole_error *err) {
    char path[PATH_MAX];
    int log = sys_audit_open(err);
    if (log < 0)
        return -1;
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    path[length > 0 ? length : 0] = '\0';
    for (size_t i = 0; i < records->count; i++) {
        cleanup_text struct text text = {0};
        text_append(&text, records->items[i].text);
        plan_audit_append(&text, "exe", path);
        text_append(&text, " hostname=? addr=? terminal=? res=success");
        if (sys_audit_send(log, records->items[i].type, text.data, err) < 0)
            return -1;
    }
    int enabled = must ? sys_audit_is_enabled(log, err) : 1;
    if (enabled == 0)
        return error_unsupported(err, NULL, "the kernel's audit log: it is switched off");
    return enabled < 0 ? -1 : 0;
}

int main(int argc, char **argv) {
    hook_parse_arguments(&program, argc, argv);
    struct hook_state state = hook_read_state();
    cleanup_arena struct arena arena = {0};
    struct plan_audit_records records = {0};
    struct thole_error err = {0};
    char line[sizeof(err.where) + sizeof(err.text) + 128];
    add_records(&state, &arena, &records);
    if (send_records(&records, &err) < 0 && must)
        hook_fail("%s", error_format(&err, line, sizeof(line)));
    if (err.text[0] != '\0')
        (void)fprintf(stderr, "hook audit: warning: %s\n", error_format(&err, line, sizeof(line)));
    return 0;
}
