/* SPDX-License-Identifier: Apache-2.0 */
/* What is decided before a container is entered. */
#pragma once

#include "enter/enter.h"

/**
 * Decides everything: opens the container, verifies init against its recorded start time, plans
 * the process, settles which descriptors it gets. From here on this process cannot be ptraced.
 */
int enter_prepare(const struct thole_context *context, const struct thole_exec_request *request,
                  struct entry *entry, struct thole_error *err);
