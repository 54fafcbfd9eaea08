/* SPDX-License-Identifier: Apache-2.0 */
/* One more process in a running container, from joining its namespaces to execve. */
#ifndef APPLY_EXEC_H
#define APPLY_EXEC_H

#include <stdbool.h>
#include <stdnoreturn.h>

#include "cgroup/join.h"
#include "plan/plan.h"
#include "security/seccomp_filter.h"

struct apply_exec {
    struct phases *phases; /* NULL: nothing is measured */
    const struct plan_process *process;
    const char *keyring; /* name of the container's session keyring, NULL: the caller's is kept */
    int sync;            /* socket to the runtime */
    int runtime_end;     /* the other end, closed first: or its death would go unnoticed */
    int pidfd;           /* the container's init */
    unsigned long flags; /* CLONE_NEW* namespaces to join */
    int root;         /* directory to chroot(2) into, -1: the mount namespace has the right one */
    int proc_fd;      /* the host's /proc (O_PATH) */
    int devpts;       /* the host's devpts, for containers without one; -1: no pty is made */
    bool bare_output; /* the pty leaves line ends alone: a program reads it, not a person */
    const bool *replace;    /* which of fds 0-2 become the new pty */
    int stdio[3];           /* what the others become, -1: they stay as they are */
    bool own_session;       /* false: it stays in the caller's session, on the caller's terminal */
    bool keep_capabilities; /* of the caller, instead of the plan's */
    bool remount_sys_proc;  /* without the container's mounts: /proc and /sys of its namespaces */
    const struct cgroup_join *cgroup;
    bool enters_cgroup; /* the caller was not cloned into the unified cgroup: it has to enter it */
    const struct seccomp_filter *filter; /* NULL: none */
    const int *passed_fds;
    size_t passed_count;
};

/**
 * Runs in a child of the caller, born in the container's unified cgroup unless @enters_cgroup:
 * enters the other cgroups and, in one setns(2), the namespaces, makes the pty, then clones the
 * process proper as the caller's own child (CLONE_PARENT, a pid namespace only takes newborns) and
 * ends. The container never sees the process in between; the one it sees holds nothing of the
 * host's but its socket. The caller receives WIRE_CONSOLE if a pty is made, WIRE_CHILD_PID,
 * WIRE_READY, and after WIRE_START the end of file that means success, or WIRE_ERROR.
 */
noreturn void apply_exec(const struct apply_exec *exec);

#endif
