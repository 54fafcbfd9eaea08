/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mount namespace that is emptied before the container is built in it: the host's root goes, and
 * the container's takes its place. pivot_root(2) looks at every process of the machine for one
 * whose root it has to change, which nobody needs here: only init is in the namespace.
 */
#pragma once

#include "apply/bind_sources.h"
#include "plan/plan.h"

/**
 * In a private copy of the host's mounts: opens what the container gets of them (the sources of
 * binds in @sources, /dev/null in @null_fd), unmounts all of it, and enters the root filesystem.
 * Returns 1; 0 where that would not be the same as the longer way, or the kernel refuses: nothing
 * has happened then; -1 for errors.
 */
int apply_root_emptied_enter(const struct plan *plan, int proc_fd,
                             struct apply_bind_sources *sources, int *null_fd,
                             struct thole_error *err);
