/* SPDX-License-Identifier: Apache-2.0 */
/* Joining a namespace by path. */
#ifndef APPLY_NAMESPACES_H
#define APPLY_NAMESPACES_H

#include "base/error.h"
#include "plan/plan.h"

/** Joins @joined with setns(2); the error names its place in the config. */
int apply_join_namespace(const struct plan_joined_namespace *joined, struct thole_error *err);

#endif
