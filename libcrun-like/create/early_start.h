/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime may do while init is still at work on the container, instead of after init's
 * word that it is ready: each such step saves a wait. Both answers follow from the plan alone.
 */
#ifndef CREATE_EARLY_START_H
#define CREATE_EARLY_START_H

#include <stdbool.h>

#include "create/create.h"

/**
 * True if no step of init can meet the device rules: it makes only nodes that they let it make, and
 * opens no device.
 */
bool early_start_allows_device_rules(const struct plan *plan);

/**
 * True if nothing has to happen between init's readiness and the start: no hook, nothing to
 * publish, no limit that the runtime sets from outside.
 */
bool early_start_allowed(const struct thole_create_request *request, const struct plan *plan);

#endif
