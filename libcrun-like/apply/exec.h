/* SPDX-License-Identifier: Apache-2.0 */
/* One more process in a running container, from joining its namespaces to execve. */
#pragma once

#include <stdbool.h>
#include <stdnoreturn.h>

#include "apply/become.h"
#include "cgroup/join.h"

struct apply_exec {
    struct apply_become become;
    int runtime_end;     /* of the socket, closed first: or its death would go unnoticed */
    int pidfd;           /* the container's init */
    unsigned long flags; /* CLONE_NEW* namespaces to join */
    int root;         /* directory to chroot(2) into, -1: the mount namespace has the right one */
    bool own_session; /* false: it stays in the caller's session, on the caller's terminal */
    bool keep_capabilities; /* of the caller, instead of the plan's */
    bool remount_sys_proc;  /* without the container's mounts: /proc and /sys of its namespaces */
    const struct cgroup_join *cgroup;
    bool enters_cgroup; /* the caller was not cloned into the unified cgroup: it has to enter it */
};

/**
 * Runs in a child of the caller, born in the container's unified cgroup unless @enters_cgroup:
 * enters the other cgroups and, in one setns(2), the namespaces, makes the pty, gives up what the
 * plan does not grant, then clones the process proper as the caller's own child (CLONE_PARENT, a
 * pid namespace only takes newborns) and ends. The container never sees the process in between; the
 * one it sees holds nothing of the host's but its socket, and has no rights but its own: a process
 * of the container that has CAP_SYS_PTRACE in the host's user namespace may control it from its
 * birth. What that still gains is the time until the filter and the label hold, and CAP_SYS_ADMIN
 * where a filter is loaded without no_new_privs. The caller receives WIRE_CONSOLE if a pty is made,
 * WIRE_CHILD_PID, WIRE_READY, and after WIRE_START the end of file that means success, or
 * WIRE_ERROR.
 */
noreturn void apply_exec(const struct apply_exec *exec);
