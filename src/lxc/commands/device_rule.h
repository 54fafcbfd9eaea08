/* SPDX-License-Identifier: Apache-2.0 */
/* One more device rule for a running container, where no devices.allow takes it. */
#pragma once

#include "lxc/store/container.h"

/**
 * Adds @rule, "a" or "c 1:3 rwm" as devices.allow and devices.deny have it, behind the rules of the
 * container's configuration.
 */
int lxc_device_rule_add(const struct lxc_container *container, bool allow, const char *rule,
                        struct thole_error *err);
