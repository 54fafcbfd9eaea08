/* SPDX-License-Identifier: Apache-2.0 */
/* Settings in the text of a configuration, changed one by one for a new container. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/**
 * What the value of @key becomes, malloc'ed, or NULL: it stays. Returns -1 with the error filled in
 * where it failed.
 */
typedef int (*lxc_line_change)(void *userdata, const char *key, const char *value, char **ret_value,
                               struct thole_error *err);

/** Gives each setting of @text to @change. Other lines, and keys as they are written, stay. */
int lxc_config_lines_change(struct text *text, lxc_line_change change, void *userdata,
                            struct thole_error *err);

/** True for lxc.net.N.hwaddr, under its old names as well. */
bool lxc_config_is_hardware_address(const char *key);

/** For lxc_config_lines_change(): random digits for the "x" in hardware addresses. */
int lxc_config_expand_addresses(void *userdata, const char *key, const char *value,
                                char **ret_value, struct thole_error *err);
