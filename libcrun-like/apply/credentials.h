/* SPDX-License-Identifier: Apache-2.0 */
/* Who the process is and what it may do. Called in this order, by init and by exec alike. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

/**
 * Writes oom_score_adj of @pid through the host's /proc, if the process (or NULL) has one. While
 * @pid has the caller's ids and user namespace and is dumpable: lowering the value needs privileges
 * over the host, and what hides belongs to root there.
 */
int apply_oom_score(const struct plan_process *process, int proc_fd, pid_t pid,
                    struct thole_error *err);

/**
 * Raises hard limits of @pid, 0 for the caller itself, that the process is to have higher. The
 * runtime does it for a process in a user namespace, where nobody may raise one.
 */
int apply_rlimits_raise(const struct plan_process *process, pid_t pid, struct thole_error *err);

/**
 * Sets the caller's rlimits, none of whose hard limits is above what it has: setrlimit(2). They are
 * the program's, so this comes last: ten descriptors are enough for many a program, but not for
 * what is done before it runs.
 */
int apply_rlimits(const struct plan_process *process, struct thole_error *err);

/**
 * Scheduler and I/O priority of @pid, 0 for the caller itself. For a process in a user namespace,
 * and for exec, where it might not last through a fork, the runtime does it; but one that is not
 * the host's root leaves it to the process, since nobody else's is in its power.
 */
int apply_scheduling(const struct plan_process *process, pid_t pid, struct thole_error *err);

/**
 * Bounding set, groups, gid, uid, umask and no_new_privs. The permitted and effective sets are cut
 * to the plan's, plus CAP_SYS_ADMIN while @keep_admin, which loading a seccomp filter needs.
 */
int apply_identity(const struct plan_process *process, bool keep_admin, struct thole_error *err);

/** The final permitted, effective, inheritable and ambient sets. Last act before execve(2). */
int apply_capabilities(const struct plan_process *process, struct thole_error *err);

/** Nobody of the same ids may look into this process any more, see prctl(2), PR_SET_DUMPABLE. */
int apply_hide(struct thole_error *err);

/**
 * "HOME=..." from the container's /etc/passwd ("/" if there is no entry that the caller may read),
 * malloc'ed; NULL with an error where that could not be found out.
 */
char *apply_home(uint32_t uid, struct thole_error *err);
