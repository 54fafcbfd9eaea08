/* SPDX-License-Identifier: Apache-2.0 */
/* Environment lists: the last of several values of a name counts. */
#ifndef PLAN_ENVIRONMENT_H
#define PLAN_ENVIRONMENT_H

#include "base/arena.h"
#include "plan/plan.h"

/** A list under construction. Zero-initialise to use. */
struct plan_environment {
    char **items;
    size_t count;
};

/** Adds "NAME=VALUE"; an earlier entry of that name is replaced. The string is borrowed. */
void plan_environment_put(struct plan_environment *environment, struct arena *arena,
                          char *assignment);

/** The value of @name, or NULL. */
const char *plan_environment_get(const struct plan_environment *environment, const char *name);

void plan_environment_remove(struct plan_environment *environment, const char *name);

/** The finished list, NULL-terminated. */
struct plan_strings plan_environment_finish(struct plan_environment *environment,
                                            struct arena *arena);

#endif
