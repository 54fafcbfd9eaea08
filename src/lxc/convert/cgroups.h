/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of cgroups in a conversion: the parts. */
#pragma once

#include "lxc/convert/conversion.h"

/** One setting of lxc.cgroup.* or lxc.cgroup2.*. */
struct lxc_cgroup_setting {
    const char *file; /* "memory.max" */
    const char *value;
    const char *where;
};

/**
 * Makes the member of linux.resources of it that means the same in both versions of cgroups, so
 * that thole writes the file that this host has. Returns 1 if there is none.
 */
int lxc_cgroup_limit(struct lxc_conversion *conversion, const struct lxc_cgroup_setting *setting,
                     struct thole_error *err);

/** devices.allow and devices.deny, in order. Returns 1 if it is another file. */
int lxc_cgroup_device(struct lxc_conversion *conversion, const struct lxc_cgroup_setting *setting,
                      struct thole_error *err);
