/* SPDX-License-Identifier: Apache-2.0 */
/* A plan as text for people and golden files, and as JSON for programs. */
#pragma once

#include "plan/plan.h"

/** Each returns a malloc'ed text; everything the plan holds is in it. */
char *plan_print_text(const struct plan *plan);
char *plan_print_json(const struct plan *plan);
