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

/** True if an lxc-* command made the container. */
bool lxc_state_is_own(const struct thole_state *state);

/** Its annotation @key ("org.thole.lxc.groups"), or NULL. */
const char *lxc_state_annotation(const struct thole_state *state, const char *key);

/** "lxc", "podman", "docker", "containerd", "cri-o" or "oci": who made the container, which is in a
 * state root of @origin (struct thole_root). */
const char *lxc_state_type(const struct thole_state *state, const char *origin);

/** The state that a change leads to; false: it leads to none, as the end of init. */
bool lxc_state_of_change(enum thole_change change, enum lxc_state *ret_state);

/**
 * What the answer of lxc_container_state() means; NULL is a container without a record. One that
 * has ended is STOPPING as long as its monitor is at work; others are kept until somebody deletes
 * them, and STOPPED.
 */
enum lxc_state lxc_state_of(const struct thole_state *state);
