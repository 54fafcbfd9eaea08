/* SPDX-License-Identifier: Apache-2.0 */
/* The states of lxc(7), and which of them a container of thole is in. */
#pragma once

#include <stdbool.h>

#include "thole.h"

enum lxc_state {
    LXC_STOPPED,
    LXC_STARTING,
    LXC_RUNNING,
    LXC_STOPPING,
    LXC_ABORTING,
    LXC_FREEZING,
    LXC_FROZEN,
    LXC_THAWED,
    LXC_STATE_COUNT,
};

/** "STOPPED", "STARTING", ... */
const char *lxc_state_name(enum lxc_state state);

/** "RUNNING|FROZEN" -> a bit (1 << state) for each; kind USAGE for a word that is no state. */
int lxc_states_parse(const char *words, unsigned *ret_states, struct thole_error *err);

/** What the answer of lxc_container_state() means; NULL is a container without a record. */
enum lxc_state lxc_state_of(const struct thole_state *state);
