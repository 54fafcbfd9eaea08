/* SPDX-License-Identifier: Apache-2.0 */
/* The container's first process, from clone to execve. */
#ifndef APPLY_INIT_H
#define APPLY_INIT_H

#include <stdnoreturn.h>

#include "apply/bind_sources.h"
#include "cgroup/join.h"
#include "plan/plan.h"
#include "security/seccomp_filter.h"

/** All that init inherits from the runtime; every fd is close-on-exec. */
struct apply_init {
    const struct plan *plan;
    struct phases *phases; /* NULL: nothing is measured */
    int sync;              /* socket to the runtime that creates the container */
    int runtime_end; /* the other end, closed first: else the runtime's death would go unnoticed */
    int stage_end;   /* of the process in between, closed as well; -1: there is none */
    int gate;        /* listening socket that `start` connects to; -1: start comes over sync */
    int proc_fd; /* the host's /proc (O_PATH), opened before anything of the container existed */
    int null_fd; /* the host's /dev/null (O_PATH) */
    int devpts;  /* the host's devpts, for a pty where the container has no devpts; -1: none is made
                  */
    bool bare_output;    /* the pty leaves line ends alone: a program reads it, not a person */
    const bool *replace; /* which of fds 0-2 become a new pty; NULL: none is made */
    int stdio[3];        /* what the others become, -1: they stay as they are */
    int hook_state; /* memfd: two lines, the state with status creating and created; -1: no hooks */
    struct apply_bind_sources *sources;
    const struct cgroup_join *cgroup;
    bool enters_cgroup;                  /* the unified cgroup is entered, not cloned into */
    const struct seccomp_filter *filter; /* NULL: none */
    const int *passed_fds; /* stay open in the program: preserved and socket-activation fds */
    size_t passed_count;
};

/**
 * Runs in the cloned child, never returns: the user's program takes its place, or the error goes to
 * the runtime as WIRE_ERROR. See docs/architecture.md, "A container's start".
 */
noreturn void apply_init(const struct apply_init *init);

#endif
