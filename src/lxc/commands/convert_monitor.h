/* SPDX-License-Identifier: Apache-2.0 */
/* What a conversion has besides the OCI configuration, to be looked at. */
#pragma once

#include "lxc/convert/convert.h"

/** As malloc'ed JSON: consoles, programs before and after, and so on. */
char *lxc_convert_monitor_json(struct lxc_converted *converted);
