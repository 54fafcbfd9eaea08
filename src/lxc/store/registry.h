/* SPDX-License-Identifier: Apache-2.0 */
/* Containers that no lxc-* command made: by their ids in the state roots of this machine, but for
 * those of other lxcpaths. */
#pragma once

#include "thole.h"

/**
 * Finds the container called @name in any state root: its id, or the beginning of just one id, of
 * at least four characters. Both results are malloc'ed, and NULL if there is none.
 */
int lxc_registry_find(const char *name, char **ret_root, char **ret_id, struct thole_error *err);

/** Takes one container of the registry. */
struct lxc_registry_visitor {
    void (*container)(void *userdata, const struct thole_root *root, struct thole_state *state);
    void *userdata;
};

/** All containers of all state roots but @except, each state the visitor's own from then on. What
 * another runtime keeps in the place of an engine is passed over. */
int lxc_registry_list(const char *except, const struct thole_log *log,
                      const struct lxc_registry_visitor *visitor, struct thole_error *err);
