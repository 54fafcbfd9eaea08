/* SPDX-License-Identifier: Apache-2.0 */
/* The shell of a user, as the container knows it. */
#pragma once

#include "enter/enter.h"

#define SHELL_DEFAULT "/bin/sh"

/**
 * Makes the prepared @entry run its user's shell: from the container's passwd(5), else from
 * what getent(1) inside says within a few seconds, else SHELL_DEFAULT.
 */
int shell_choose(const struct thole_exec_request *request, struct entry *entry,
                 struct thole_error *err);
