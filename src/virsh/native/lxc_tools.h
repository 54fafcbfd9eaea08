/* SPDX-License-Identifier: Apache-2.0 */
/* Configurations of LXC (lxc.conf(5)) as domains. */
#pragma once

#include "base/error.h"

/**
 * Reads the configuration @file, with what it includes, by the LXC face's own reader; the domain's
 * XML goes to @ret_xml (malloc'ed), lines about settings without a counterpart to @ret_notes, each
 * with its line break (malloc'ed).
 */
int virsh_native_lxc_tools(const char *file, char **ret_xml, char **ret_notes,
                           struct thole_error *err);
