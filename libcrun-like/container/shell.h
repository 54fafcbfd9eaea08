/* SPDX-License-Identifier: Apache-2.0 */
/* The shell of a user, as the container knows it. */
#ifndef CONTAINER_SHELL_H
#define CONTAINER_SHELL_H

#include "container/attach.h"

#define SHELL_DEFAULT "/bin/sh"

/**
 * Makes the prepared @attachment run its user's shell: from the container's passwd(5), else from
 * what getent(1) inside says within a few seconds, else SHELL_DEFAULT.
 */
int shell_choose(const struct thole_exec_request *request, struct attachment *attachment,
                 struct thole_error *err);

#endif
