/* SPDX-License-Identifier: Apache-2.0 */
/* The statistics of a container as JSON. */
#ifndef CONTAINER_STATS_H
#define CONTAINER_STATS_H

#include "base/error.h"
#include "plan/plan.h"

/**
 * {"type":"stats","id":ID,"data":{...}} with runc's members, on one line, malloc'ed. @page_sizes is
 * the list of huge page sizes in struct host_facts.
 */
int stats_json(const char *id, const struct plan_cgroup *cgroup, const char *page_sizes,
               char **ret_json, struct thole_error *err);

/** {"type":"oom","id":ID}, malloc'ed. */
char *stats_oom_json(const char *id);

#endif
