/* SPDX-License-Identifier: Apache-2.0 */
/* The live table of lxc-top. */
#pragma once

#include "lxc/commands/top_rows.h"

/** Shows the table until "q" is typed, anew every @delay milliseconds. Kind UNSUPPORTED without a
 * terminal. */
int lxc_top_screen_run(const struct lxc_top_choice *choice, int delay, const struct thole_log *log,
                       struct thole_error *err);
