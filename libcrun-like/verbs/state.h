/* SPDX-License-Identifier: Apache-2.0 */
/* States that thole_state_free() releases. */
#pragma once

#include "thole.h"

/** A container of which nothing can be told but its name. */
struct thole_state *state_new_unknown(const char *id);
