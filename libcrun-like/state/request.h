/* SPDX-License-Identifier: Apache-2.0 */
/* What every struct that a caller fills in has. */
#pragma once

#include "thole.h"

/** Refuses what was built with a newer thole.h and uses members that this version does not know. */
int request_check(void *const reserved[THOLE_RESERVED], struct thole_error *err);
