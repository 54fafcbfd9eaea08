/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's terminal on a console of a domain. */
#pragma once

#include "virsh/commands/commands.h"
#include "virsh/store/domains.h"

/** @device is "consoleN", NULL: the first one. Returns when it is left, or the domain ends. */
int virsh_connect(const struct virsh_call *call, const struct virsh_domain *domain,
                  const char *device, struct thole_error *err);
