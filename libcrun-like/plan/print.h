/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text for people and golden files, and as JSON for programs. */
#ifndef PLAN_PRINT_H
#define PLAN_PRINT_H

#include "plan/plan.h"

/** Each returns a malloc'ed text; everything the plan holds is in it. */
char *plan_print_text(const struct plan *plan);
char *plan_print_json(const struct plan *plan);

#endif
