/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks that run before there is anything of the container. */
#pragma once

#include "thole.h"

/** Runs @program to its end; what it says goes to the log. An error unless it exits with 0. */
int lxc_hook_program_run(const struct thole_program *program, const struct thole_log *log,
                         struct thole_error *err);
