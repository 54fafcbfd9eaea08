/* SPDX-License-Identifier: Apache-2.0 */
/* After which ends a container is started again, as command lines and annotations have it. */
#pragma once

#include <stdbool.h>

#include "base/names.h"
#include "base/types.h"

/** "reboot", "halt", "success", "failure": the bits of enum thole_restart, one each. */
extern const struct name_value restart_names[];

/** What restart_parse() takes, for errors. */
#define RESTART_WORDS \
    "no|reboot|on-failure[:N]|always, or a list of reboot, halt, success and failure[:N]"

/**
 * "no", "reboot", "on-failure:3", "always", "always,halt", "reboot,failure". @ret_limit is the
 * number of starts after failures, 0: none is given. False if @text is not one of them.
 */
bool restart_parse(const char *text, unsigned *ret_restart, unsigned *ret_limit);

#define RESTART_DELAY_WORDS "a time from 1ms to 60m: 500ms, 5s, 1m"

/** False if @text is not RESTART_DELAY_WORDS. */
bool restart_delay_parse(const char *text, unsigned *ret_milliseconds);
