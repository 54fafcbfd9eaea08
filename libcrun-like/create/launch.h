/* SPDX-License-Identifier: Apache-2.0 */
/* Cloning init into its namespaces and its cgroup. */
#pragma once

#include <sys/types.h>

#include "apply/init.h"
#include "base/error.h"

struct launched {
    pid_t pid;
    int pidfd;
    int sync; /* socket to init */
};
#define LAUNCHED_INIT \
    { .pidfd = -1, .sync = -1 }

/**
 * Starts apply_init() in a new child of the caller, which itself enters no namespace: those that
 * are joined by path init enters, or where it could not, a short-lived process in between. Writes
 * the id maps and oom_score_adj. @as_root: for an ordinary user it cannot hide from the start.
 * @init->become.sync is filled in here.
 */
int launch_init(const struct plan *plan, bool as_root, struct apply_init *init,
                struct launched *ret_launched, struct thole_error *err);

/** Kills init and reaps it, when create fails. */
void launch_abort(struct launched *launched);
