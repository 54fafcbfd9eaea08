/* SPDX-License-Identifier: Apache-2.0 */
/* state.json: what thole remembers of a container; everything else is asked of the kernel. */
#pragma once

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "oci-spec/spec.h"
#include "plan/plan.h"

struct oci_type;

struct container_record {
    char *oci_version;
    char *id;
    char *bundle;
    char *rootfs;
    uint64_t created; /* nanoseconds since 1970 */
    uint32_t owner;
    int64_t pid;             /* 0 until there is an init */
    uint64_t start_time;     /* of pid, in clock ticks since boot: tells a reused pid */
    int cgroup_manager;      /* enum plan_cgroup_manager + 1 */
    bool cgroup_best_effort; /* some of the directories may not exist: nobody asked for them */
    OCI_LIST(struct plan_cgroup_directory) cgroups;
    char *systemd_scope; /* NULL: none */
    bool systemd_user;   /* it is the user's systemd */
    int64_t worker;      /* pid of the runtime that creates or deletes it, 0: none does */
    uint64_t worker_start_time;
    bool deleting;  /* that is what the worker does */
    int64_t keeper; /* pid of the process that holds its console, 0: there was none */
    uint64_t keeper_start_time;
    bool restarts;              /* the keeper may start it again */
    bool no_restart;            /* somebody asked it to end */
    struct oci_int exit_status; /* set when its keeper has seen init end: code, or 128 + signal */
    bool no_process;            /* nothing to start */
    bool own_pid_namespace;     /* the end of init is the end of all */
    bool poststart;             /* the saved configuration has such hooks */
    bool poststop;
    bool new_keyring;       /* its processes share a session keyring named after it */
    uint32_t filter_length; /* instructions of the seccomp filter kept beside it, 0: none */
    char *listener_path;    /* of the seccomp notify fd, NULL: none */
    char *listener_metadata;
    char *notify_directory; /* host side of /run/notify, NULL: none */
    char *rdt_class;        /* resctrl group that it is in, NULL: none of its own choice */
    char *rdt_group;        /* resctrl directories to remove, NULL: none */
    char *rdt_monitor;
    char *audit; /* as in the plan: its end is told as its start was; NULL: not at all */
    struct oci_pairs annotations;
    OCI_LIST(struct oci_device_rule)
    devices; /* what an update has put in place of the rules of the
              * configuration; none: no update has */
    OCI_LIST(struct oci_device_rule) later_devices; /* rules that updates have put on top */
};

/** The table of state.json. */
extern const struct oci_type container_record_type;

/** Writes when the container was created: RFC 3339, UTC, nanoseconds. */
void record_format_created(const struct container_record *record, char text[CLOCK_TIME]);

/** Returns malloc'ed JSON. */
char *record_write(const struct container_record *record);
int record_read(const char *json, size_t length, struct arena *arena,
                struct container_record **ret_record, struct thole_error *err);

/** The record's cgroup as a plan without writes, in @arena. */
struct plan_cgroup *record_cgroup(const struct container_record *record, struct arena *arena);
/** Copies manager, directories and scope of @cgroup into @record, but not what directories say. */
void record_set_cgroup(struct container_record *record, const struct plan_cgroup *cgroup,
                       struct arena *arena);
