/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State changes without a daemon: inotify(7) on state roots and state directories, and a pidfd for
 * every init. All of it lives in the process that watches and ends with it.
 */
#pragma once

#include "state/roots.h"
#include "thole.h"

/** Watches the containers of @patterns until the sink of @request wants no more (0) or its time is
 * up (1). */
int state_watch(const struct state_root_patterns *patterns,
                const struct thole_watch_request *request, struct thole_error *err);
