/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that init and exec share, from the working directory to the fds that stay open. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "plan/plan.h"

/** Makes a missing process.cwd beneath @root_fd. @process may be NULL. */
int apply_working_directory_make(const struct plan_process *process, int root_fd,
                                 struct thole_error *err);

/**
 * Changes to process.cwd. With @first_try a directory that may not be entered yet is no error and
 * 0 is returned: the user's own ids may be allowed to. Returns 1 when the directory is entered. A
 * directory outside the root is refused (CVE-2024-21626).
 */
int apply_working_directory(const struct plan_process *process, bool first_try,
                            struct thole_error *err);

/** A copy of @environment with @variable ("HOME=...") in the place of any other value of it. */
char **apply_environment_with(char *const *environment, char *variable);

/**
 * Checks that the @count fds from 3 on can be passed on: asked before thole opens any of its own,
 * which could pass for one that the caller has forgotten. @terminals may be among them.
 */
int apply_passed_fds(uint64_t count, bool terminals, size_t *ret_count, struct thole_error *err);

/** Marks all fds above 2 close-on-exec but the @passed first ones. */
int apply_keep_fds(size_t passed, struct thole_error *err);

/** Closes all fds above 2 but the @passed first ones and those @kept, in any order; -1: none. */
int apply_close_fds(size_t passed, const int *kept, size_t count, struct thole_error *err);

/** True if apply_exec_labels() has anything to write. */
bool apply_has_exec_label(const struct plan_process *process);

/** AppArmor profile and SELinux label for the coming execve, written through the host's /proc. */
int apply_exec_labels(const struct plan_process *process, int proc_fd, struct thole_error *err);

/** Default dispositions and an empty mask: what a program expects to start with. */
void apply_reset_signals(const struct plan_process *process);
