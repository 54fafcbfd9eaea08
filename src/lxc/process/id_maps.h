/* SPDX-License-Identifier: Apache-2.0 */
/* Maps of user namespaces from the command line, and the ranges of ids that a user was granted. */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "base/text.h"

/** As the kernel reads them: "0 100000 65536" a line. Zero-initialised: nothing is mapped. */
struct lxc_id_maps {
    struct text uids;
    struct text gids;
};

/** Adds "u:0:100000:65536", or g: for groups, b: or nothing for both. */
int lxc_id_maps_add(struct lxc_id_maps *maps, const char *words, struct thole_error *err);

/** Maps what /etc/subuid and /etc/subgid grant the caller, from 0 on. */
int lxc_id_maps_add_granted(struct lxc_id_maps *maps, struct thole_error *err);

/** Maps the caller's own ids as well, each to the first one behind all others, unless they are. */
void lxc_id_maps_add_own(struct lxc_id_maps *maps);

/** Gives the user namespace of process @pid the maps: as root itself, else by newuidmap(1). */
int lxc_id_maps_write(const struct lxc_id_maps *maps, pid_t pid, struct thole_error *err);

void lxc_id_maps_done(struct lxc_id_maps *maps);
#define cleanup_lxc_id_maps __attribute__((cleanup(lxc_id_maps_done)))
