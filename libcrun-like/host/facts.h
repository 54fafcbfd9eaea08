/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What thole has to know of a host to plan a container, as plain data. host/probe.h fills it from
 * the running kernel, host/facts.c from JSON, so that a plan can be made for any machine.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct oci_type;

/** One mounted cgroup hierarchy. A pure v2 host has one, a v1 host many, a hybrid host both. */
struct host_hierarchy {
    bool unified;           /* cgroup2 */
    const char *mountpoint; /* "/sys/fs/cgroup/cpu,cpuacct" */
    /* Comma-separated as in /proc/self/cgroup ("cpu,cpuacct", "name=systemd"); for the unified one
     * the words of its root cgroup.controllers ("cpuset,cpu,io,memory,hugetlb,pids"), may be "". */
    const char *controllers;
    const char *own_path; /* where the runtime itself runs, from the hierarchy's root: "/user/1" */
};

struct host_facts {
    uint32_t euid; /* in the runtime's user namespace */
    uint32_t egid;
    bool in_user_namespace;     /* the runtime is not in the initial user namespace */
    bool privileged;            /* CAP_SYS_ADMIN in its user namespace */
    uint64_t capabilities;      /* bounding set of the runtime, bit n = capability n */
    int last_capability;        /* that the kernel has */
    uint64_t ignored_signals;   /* by the runtime, bit n - 1 = signal n; a container ignores none */
    bool cgroup_namespaces;     /* CLONE_NEWCGROUP exists */
    bool time_namespaces;       /* CLONE_NEWTIME exists */
    bool swap_accounting;       /* memory.swap.max or memory.memsw.limit_in_bytes exists */
    bool selinux;               /* SELinux is enabled, and this process may use it */
    bool selinux_enforcing;     /* what its policy forbids is refused, not only told */
    bool selinux_mls;           /* its labels have levels */
    bool apparmor;              /* AppArmor is enabled */
    const char *resctrl;        /* mount point of resctrl, or NULL */
    const char *hugepage_sizes; /* "2MB,1GB" */
    const char *subuid;         /* ranges of the runtime's user when unprivileged: "100000:65536" */
    const char *subgid;
    struct host_hierarchy *hierarchies;
    size_t hierarchy_count;
};

/** The table of the facts' JSON. */
extern const struct oci_type host_facts_type;

/** Reads facts from JSON (the format host_facts_write() prints). Unknown members are errors. */
int host_facts_read(const char *json, size_t length, struct arena *arena,
                    struct host_facts **ret_facts, struct thole_error *err);

/** Returns a malloc'ed JSON text. */
char *host_facts_write(const struct host_facts *facts);

/** The hierarchy that serves @controller ("memory"; "" is the unified one), or NULL. */
const struct host_hierarchy *host_find_controller(const struct host_facts *facts,
                                                  const char *controller);
