/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount namespace that is made of the root filesystem alone (open_tree(2), OPEN_TREE_NAMESPACE):
 * no copy of the host's mounts, nothing to pivot away from. For an init that was cloned without
 * CLONE_NEWNS.
 */
#ifndef APPLY_ROOT_TREE_H
#define APPLY_ROOT_TREE_H

#include "apply/bind_sources.h"
#include "apply/host_mounts.h"
#include "plan/plan.h"

/**
 * Makes the namespace and enters it: "/" is the root filesystem then. The sources of binds are held
 * open before, in @sources, and the way to the host's namespace in @host. Returns 1; 0 where that
 * would not be the same as the longer way, or the kernel refuses: nothing has happened then; -1 for
 * errors.
 */
int apply_tree_namespace_enter(const struct plan *plan, int proc_fd,
                               struct apply_bind_sources *sources, struct apply_host_mounts *host,
                               struct thole_error *err);

#endif
