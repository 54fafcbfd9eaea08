/* SPDX-License-Identifier: Apache-2.0 */
/* The plan as a table: what is printed of it. */
#pragma once

#include "oci-spec/fields.h"

/** Rows of struct plan, and of all that it holds. */
extern const struct oci_type plan_type;
