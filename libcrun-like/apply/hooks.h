/* SPDX-License-Identifier: Apache-2.0 */
/* Running hooks: the state on standard input, the given environment, a bounded time. */
#pragma once

#include "apply/become.h"
#include "base/error.h"
#include "plan/plan.h"

struct apply_hook_run {
    const char *stage;       /* "prestart", for the error text */
    size_t first;            /* number of the first hook in its stage, for the error text */
    const char *state;       /* JSON document */
    const char *directory;   /* they start in it, or in / if it is gone; NULL: where they are */
    char *const *env;        /* for hooks that bring none; NULL: the caller's own */
    const char *stdout_file; /* appended to, NULL: captured for the error text */
    const char *stderr_file;
    const struct apply_become *confinement; /* of the hooks, NULL: none */
    int starter;       /* socket on which a listener of their filter is reported */
    const int *passed; /* further descriptors that they get, under their numbers */
    size_t passed_count;
};

/**
 * Runs the hooks one after the other (runtime-spec "POSIX-platform Hooks"). Stops at the first that
 * fails: kind PAYLOAD, `error running STAGE hook #N: ...` with the end of its output. A hook beyond
 * its timeout is killed.
 */
int apply_hooks(const struct plan_hooks *hooks, const struct apply_hook_run *run,
                struct thole_error *err);
