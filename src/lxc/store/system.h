/* SPDX-License-Identifier: Apache-2.0 */
/* The system configuration of LXC, /etc/lxc/lxc.conf or ~/.config/lxc/lxc.conf: lxc.container...
 * paths. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/** One item of lxc.system.conf(5). */
struct lxc_system_item {
    const char *key;
    const char *value; /* without configuration: for root, NULL: it is not set */
    bool listed;       /* by lxc-config -l */
};

/** All items; the last one has no key. */
extern const struct lxc_system_item lxc_system_items[];

/** The value of @key, which is one of the items': configured, else the default; malloc'ed or NULL.
 */
int lxc_system_get(const char *key, char **ret_value, struct thole_error *err);

/** The directory of containers: @given without slashes at its end and absolute, or the configured
 * one if that is NULL. malloc'ed. */
int lxc_system_path(const char *given, char **ret_path, struct thole_error *err);

/** Where a container's log goes if only -l is given. malloc'ed. */
char *lxc_system_log_file(const char *lxcpath, const char *name);
