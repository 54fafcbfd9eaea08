/* SPDX-License-Identifier: Apache-2.0 */
/* One more device rule for a running container. */
#pragma once

#include "lxc/store/container.h"

/**
 * Adds @rule, "a" or "c 1:3 rwm" as devices.allow and devices.deny of cgroup v1 have it, behind the
 * rules that the container has: by that file where it is, else as an update.
 */
int lxc_device_rule_add(const struct lxc_container *container, bool allow, const char *rule,
                        struct thole_error *err);
