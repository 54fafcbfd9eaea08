/* SPDX-License-Identifier: Apache-2.0 */
/* The shortcuts that have a slower way beside them, and the switch that tests those ways. */
#pragma once

#include "config.h"

#include <stdbool.h>

/** Every shortcut; the table of their names is in fastpath.c. */
enum fastpath {
    FASTPATH_SEALED_ENTRY, /* sealing before the C library starts (security/own_executable_entry.c)
                            */
    FASTPATH_UNWRITABLE,   /* no sealing where the executable cannot be written anyway */
    FASTPATH_READONLY_CLONE,    /* sealing by a clone of the mount instead of a copy in memory */
    FASTPATH_FILTER_CACHE,      /* seccomp filters that were compiled before */
    FASTPATH_CGROUP_BIRTH,      /* CLONE_INTO_CGROUP instead of moving in */
    FASTPATH_OVERLAP,           /* what need not wait for init is done while init works */
    FASTPATH_EMPTIED_NAMESPACE, /* a mount namespace without the host's mounts, no pivot_root */
};

/**
 * False where a test asks for the slower way: THOLE_NO_FASTPATH=1 means all, a list of names
 * separated by commas those. Only developer builds look at it.
 */
#ifdef THOLE_DEVELOPER
bool fastpath_allowed(enum fastpath fastpath);
#else
static inline bool fastpath_allowed(enum fastpath fastpath) {
    (void)fastpath;
    return true;
}
#endif
