/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a stored configuration. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/** Replaces the file @path, which exists, by @text at once; owner and mode stay. */
int lxc_config_file_write(const char *path, const struct text *text, struct thole_error *err);
