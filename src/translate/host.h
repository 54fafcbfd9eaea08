/* SPDX-License-Identifier: Apache-2.0 */
/* What a conversion has to know of the machine, out of thole's facts about it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

struct translate_hierarchy {
    bool unified;
    const char *controllers; /* "cpu,cpuacct"; of the unified one those that it has */
};

struct translate_host {
    bool apparmor;
    bool selinux;
    bool selinux_enforcing;
    bool selinux_mls;
    uint32_t euid;
    bool cgroup_namespaces;
    uint64_t capabilities; /* that can be given */
    struct translate_hierarchy *hierarchies;
    size_t hierarchy_count;
};

/** Reads @facts, as `thole plan --print-facts` prints them; NULL: of this machine. */
int translate_host_read(const char *facts, struct arena *arena, struct translate_host **ret_host,
                        struct thole_error *err);

/** True if there is no hierarchy but that of cgroup v2. */
bool translate_host_is_unified(const struct translate_host *host);

/** True if @controller ("memory") has a hierarchy of its own, cgroup v1. */
bool translate_host_is_v1(const struct translate_host *host, const char *controller);
