/* SPDX-License-Identifier: Apache-2.0 */
/* Commands in the user namespace that a container will have: its files are theirs to change. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lxc/config/configuration.h"
#include "lxc/process/id_maps.h"

/** What of lxc.idmap the makers of files have to know. */
struct lxc_id_map {
    bool mapped;    /* there is one */
    uid_t root_uid; /* the container's root on the host */
    gid_t root_gid;
    uint64_t first_uid; /* the first ids of the container that are free */
    uint64_t first_gid;
};

int lxc_id_map_read(const struct lxc_configuration *config, struct lxc_id_map *ret_map,
                    struct thole_error *err);

/** Adds the map of @config, and the caller's own ids as the first free ones. */
int lxc_id_map_add(const struct lxc_configuration *config, struct lxc_id_maps *maps,
                   struct thole_error *err);

/**
 * @args (NULL-terminated) as a command of thole-lxc that runs them as root of a user namespace with
 * that map. The array and what is new in it are of @arena.
 */
char **lxc_id_map_command(const struct lxc_configuration *config, char *const *args,
                          struct arena *arena);
