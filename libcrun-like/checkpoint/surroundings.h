/* SPDX-License-Identifier: Apache-2.0 */
/* The process that CRIU becomes: what stands around it, from the clone to the execve. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdnoreturn.h>

#include "base/error.h"
#include "cgroup/join.h"
#include "checkpoint/images.h"
#include "plan/plan.h"

/** What the process needs. */
struct surroundings {
    const char *program;       /* surroundings_find_program() of CRIU */
    const struct plan *rootfs; /* its root is made ready for a restoration, in a mount namespace of
                                * this process, where it is mounted on itself; NULL: nothing is */
    const struct images *images;
    const struct cgroup_join *cgroup; /* it runs in there, NULL: where the caller does */
    bool shares_group; /* with the caller: what is restored may belong to its session's jobs */
    const int *passed; /* further descriptors that it gets, under their numbers */
    size_t passed_count;
};

/** The absolute path of CRIU by PATH, malloc'ed. Kind UNSUPPORTED: there is none. */
int surroundings_find_program(char **ret_path, struct thole_error *err);

/** In a new process: says over the socket @far_end that it is ready (base/wire.h), or what failed;
 * with a root the reopened images before. Then it becomes `criu swrk FD`, which serves that
 * socket. */
noreturn void surroundings_enter(const struct surroundings *surroundings, int far_end);
