/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics of a container as JSON. */
#pragma once

#include "base/error.h"
#include "plan/plan.h"

/** Where the numbers of a container come from. */
struct stats_sources {
    const struct plan_cgroup *cgroup;
    const char *page_sizes; /* as in struct host_facts */
    const char *resctrl;    /* where it is mounted, NULL: nowhere */
    const char *rdt_group;  /* the container's directories there, NULL: none */
    const char *rdt_monitor;
};

/** {"type":"stats","id":ID,"data":{...}} with runc's members, on one line, malloc'ed. */
int stats_json(const char *id, const struct stats_sources *sources, char **ret_json,
               struct thole_error *err);

/** {"type":"oom","id":ID}, malloc'ed. */
char *stats_oom_json(const char *id);
