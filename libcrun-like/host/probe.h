/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the host's facts from the running kernel. */
#pragma once

#include "host/facts.h"

/** Groups of facts, so that a start pays only for what its configuration needs. */
enum host_probe_need {
    HOST_NEED_CGROUPS = 1 << 0,
    HOST_NEED_SECURITY = 1 << 1, /* SELinux, AppArmor */
    HOST_NEED_SUBIDS = 1 << 2,   /* of an ordinary user */
    HOST_NEED_RESCTRL = 1 << 3,
    HOST_NEED_HUGEPAGES = 1 << 4,
    HOST_NEED_CGROUP_NAMESPACES = 1 << 5, /* does the kernel have them */
    HOST_NEED_TIME_NAMESPACES = 1 << 6,
    HOST_NEED_ALL = 0x7f,
};

/**
 * Identity and capabilities are always filled in; the rest as asked by @needs. Never parses
 * mountinfo and never scans /proc: cgroup hierarchies are found beneath /sys/fs/cgroup by statfs
 * and the names in /proc/self/cgroup (cgroups(7)).
 */
int host_probe(struct arena *arena, unsigned needs, struct host_facts **ret_facts,
               struct thole_error *err);

/** 1 if the calling process is in another user namespace than the initial one, 0 if not, or -1. */
int host_in_user_namespace(struct thole_error *err);
