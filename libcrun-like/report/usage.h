/* SPDX-License-Identifier: Apache-2.0 */
/* The handful of numbers that tables of containers show. */
#pragma once

#include "cgroup/reader.h"
#include "thole.h"

/** Reads them from @reader; what no file tells is THOLE_USAGE_UNKNOWN. */
void usage_read(struct cgroup_reader *reader, struct thole_usage *ret_usage);
