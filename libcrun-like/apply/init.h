/* SPDX-License-Identifier: Apache-2.0 */
/* The container's first process, from clone to execve. */
#pragma once

#include <stdnoreturn.h>

#include "apply/become.h"
#include "apply/bind_sources.h"
#include "cgroup/join.h"
#include "plan/plan.h"

/** All that init inherits from the runtime; every fd is close-on-exec. */
struct apply_init {
    struct apply_become become;
    const struct plan *plan;
    int runtime_end; /* of the socket, closed first: else the runtime's death would go unnoticed */
    int stage_end;   /* of the process in between, closed as well; -1: there is none */
    int gate;        /* listening socket that `start` connects to; -1: start comes over sync */
    int hook_state; /* memfd: two lines, the state with status creating and created; -1: no hooks */
    char *const *hook_env; /* for createContainer hooks that bring none */
    struct apply_bind_sources *sources;
    const struct cgroup_join *cgroup;
    bool enters_cgroup; /* the unified cgroup is entered, not cloned into */
    bool empties;       /* the root is entered without pivot_root(2), if the kernel lets it */
};

/**
 * Runs in the cloned child, never returns: the user's program takes its place, or the error goes to
 * the runtime as WIRE_ERROR. See docs/architecture.md, "A container's start".
 */
noreturn void apply_init(const struct apply_init *init);
