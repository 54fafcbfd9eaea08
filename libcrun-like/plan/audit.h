/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the audit log is told of a container, as text: pure, so that every record can be read
 * without a kernel that keeps such a log. create/audit.c sends them.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/types.h"
#include "plan/plan.h"

struct plan_audit_record {
    unsigned type; /* AUDIT_VIRT_* */
    const char *text;
};

struct plan_audit_records {
    struct plan_audit_record *items;
    size_t count;
};

/** Which container the records are about. */
struct plan_audit_subject {
    const char *id;
    const char *uuid; /* NULL: it has none */
};

enum plan_audit_operation {
    PLAN_AUDIT_START, /* its maker is about to let it go on */
    PLAN_AUDIT_INIT,  /* it has a first process */
    PLAN_AUDIT_STOP,
};

/** VIRT_CONTROL; a member that is 0 is not told. */
struct plan_audit_control {
    enum plan_audit_operation operation;
    const char *reason;
    pid_t maker;
    pid_t init;
    ino_t pid_namespace;
};

/** The stricter of what the caller (or the build, where it says nothing) and the container ask for:
 * "on", "must", or NULL: no records. */
const char *plan_audit_mode(enum thole_audit wish, enum thole_audit other);

/** The annotations that name a uuid: anybody's, and thole-virsh's. */
#define PLAN_AUDIT_UUID "org.thole.uuid"
#define PLAN_AUDIT_UUID_OF_DOMAIN "org.thole.virsh.uuid"

/** VIRT_RESOURCE for everything that @plan gives to the container. */
void plan_audit_resources(const struct plan_audit_subject *subject, const struct plan *plan,
                          struct arena *arena, struct plan_audit_records *records);

/**
 * VIRT_RESOURCE for the limits and device rules that an update writes to the directories of @own.
 * @former has what the same files said before, as far as that is known.
 */
void plan_audit_update(const struct plan_audit_subject *subject, const struct plan_cgroup *cgroup,
                       const struct plan_cgroup *former, const struct plan_cgroup *own,
                       struct arena *arena, struct plan_audit_records *records);

/** True for a file of a cgroup whose value the records tell. */
bool plan_audit_tells(const char *file);

/** VIRT_MACHINE_ID: under which labels it runs. */
void plan_audit_machine(const struct plan_audit_subject *subject, const struct plan *plan,
                        struct arena *arena, struct plan_audit_records *records);

void plan_audit_control(const struct plan_audit_subject *subject,
                        const struct plan_audit_control *control, struct arena *arena,
                        struct plan_audit_records *records);

/** Appends " NAME=VALUE" as the log's readers take it: quoted, or in hex if it holds what quotes do
 * not protect; "?" for NULL. */
void plan_audit_append(struct text *text, const char *name, const char *value);
