/* SPDX-License-Identifier: Apache-2.0 */
/* What resctrl tells of a container's group. */
#pragma once

#include <yajl/yajl_gen.h>

/**
 * Writes runc's members of "intel_rdt" into the open object of @json: limits of the machine from
 * info/, schemata of the root and of the group, and what is counted for it. @group is the group's
 * directory in the file system at @mountpoint, @monitor its monitoring group (NULL: the group is
 * counted itself). What the machine does not have is left out.
 */
void rdt_put_stats(yajl_gen json, const char *mountpoint, const char *group, const char *monitor);
