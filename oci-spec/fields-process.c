/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of `process` in config.json, which is also the document `exec --process` reads. */
#include <linux/ioprio.h>
#include <linux/sched.h>

#include "oci-spec/fields.h"

static const struct name_value scheduler_policies[] = {
    {"SCHED_OTHER", SCHED_NORMAL},
    {"SCHED_FIFO", SCHED_FIFO},
    {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH},
    {"SCHED_ISO", 4}, /* reserved, no kernel has it */
    {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_DEADLINE", SCHED_DEADLINE},
    {0},
};

const struct name_value oci_scheduler_flags[] = {
    {"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
    {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
    {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
    {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
    {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
    {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
    {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
    {0},
};

static const struct name_value io_classes[] = {
    {"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
    {"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
    {"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
    {0},
};

/* Ignored without a terminal, so the plan is what checks it. */
static const struct oci_field oci_console_size_fields[] = {
    OCI_NUMBER(oci_console_size, "height", height, 0, UINT64_MAX),
    OCI_NUMBER(oci_console_size, "width", width, 0, UINT64_MAX),
};
static OCI_TYPE(oci_console_size);

static const struct oci_field oci_user_fields[] = {
    OCI_NUMBER(oci_user, "uid", uid, 0, UINT32_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_user, "gid", gid, 0, UINT32_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_user, "umask", umask, 0, 0777),
    OCI_NUMBERS(oci_user, "additionalGids", additional_gids, 0, UINT32_MAX),
    OCI_FIELD(oci_user, "username", username, .flags = OCI_IGNORED),
};
static OCI_TYPE(oci_user);

/* Names are not checked here: one that the kernel does not know is a warning, not an error. */
static const struct oci_field oci_capabilities_fields[] = {
    OCI_FIELD(oci_capabilities, "bounding", bounding),
    OCI_FIELD(oci_capabilities, "effective", effective),
    OCI_FIELD(oci_capabilities, "inheritable", inheritable),
    OCI_FIELD(oci_capabilities, "permitted", permitted),
    OCI_FIELD(oci_capabilities, "ambient", ambient),
};
static OCI_TYPE(oci_capabilities);

static const struct oci_field oci_rlimit_fields[] = {
    OCI_CHOICE(oci_rlimit, "type", type, names_rlimits, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_rlimit, "soft", soft, 0, UINT64_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_rlimit, "hard", hard, 0, UINT64_MAX, .flags = OCI_REQUIRED),
};
static OCI_TYPE(oci_rlimit, .check = oci_check_rlimit);

static const struct oci_field oci_scheduler_fields[] = {
    OCI_CHOICE(oci_scheduler, "policy", policy, scheduler_policies, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_scheduler, "nice", nice, -20, 19),
    OCI_NUMBER(oci_scheduler, "priority", priority, 0, 99),
    OCI_FIELD(oci_scheduler, "flags", flags, .names = oci_scheduler_flags),
    OCI_NUMBER(oci_scheduler, "runtime", runtime, 0, UINT64_MAX),
    OCI_NUMBER(oci_scheduler, "deadline", deadline, 0, UINT64_MAX),
    OCI_NUMBER(oci_scheduler, "period", period, 0, UINT64_MAX),
};
static OCI_TYPE(oci_scheduler);

static const struct oci_field oci_io_priority_fields[] = {
    OCI_CHOICE(oci_io_priority, "class", class, io_classes, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_io_priority, "priority", priority, 0, 7, .flags = OCI_REQUIRED),
};
static OCI_TYPE(oci_io_priority);

static const struct oci_field oci_cpu_affinity_fields[] = {
    OCI_FIELD(oci_cpu_affinity, "initial", initial, .check = oci_check_cpu_list),
    OCI_FIELD(oci_cpu_affinity, "final", final, .check = oci_check_cpu_list),
};
static OCI_TYPE(oci_cpu_affinity);

static const struct oci_field oci_process_fields[] = {
    OCI_FIELD(oci_process, "terminal", terminal),
    OCI_OBJECT(oci_process, "consoleSize", console_size, oci_console_size),
    OCI_OBJECT(oci_process, "user", user, oci_user),
    OCI_FIELD(oci_process, "args", args, .flags = OCI_REQUIRED | OCI_NOT_EMPTY),
    OCI_FIELD(oci_process, "commandLine", command_line, .flags = OCI_IGNORED),
    OCI_FIELD(oci_process, "env", env, .check = oci_check_environment),
    OCI_FIELD(oci_process, "cwd", cwd, .flags = OCI_REQUIRED, .check = oci_check_absolute_path),
    OCI_OBJECT(oci_process, "capabilities", capabilities, oci_capabilities),
    OCI_OBJECTS(oci_process, "rlimits", rlimits, oci_rlimit),
    OCI_FIELD(oci_process, "noNewPrivileges", no_new_privileges),
    OCI_FIELD(oci_process, "apparmorProfile", apparmor_profile, .flags = OCI_EMPTY_IS_ABSENT),
    OCI_NUMBER(oci_process, "oomScoreAdj", oom_score_adj, -1000, 1000),
    OCI_OBJECT(oci_process, "scheduler", scheduler, oci_scheduler),
    OCI_FIELD(oci_process, "selinuxLabel", selinux_label, .flags = OCI_EMPTY_IS_ABSENT),
    OCI_OBJECT(oci_process, "ioPriority", io_priority, oci_io_priority),
    OCI_OBJECT(oci_process, "execCPUAffinity", exec_cpu_affinity, oci_cpu_affinity),
};
OCI_TYPE(oci_process, .check = oci_check_process);
