/* SPDX-License-Identifier: Apache-2.0 */
/* What the container gets from the host's mounts, by the file descriptor. Runs in init. */
#ifndef APPLY_HOST_MOUNTS_H
#define APPLY_HOST_MOUNTS_H

#include <stdbool.h>

#include "base/error.h"

struct apply_host_mounts {
    int host;    /* the host's mount namespace; -1: init's own has a copy of the host's mounts */
    int own;     /* the container's, if there is a host's */
    int null_fd; /* the host's /dev/null: O_PATH, or a detached clone */
};
#define APPLY_HOST_MOUNTS_INIT \
    { .host = -1, .own = -1, .null_fd = -1 }

/** Opens the host's /dev/null and checks that it is device 1:3; before the root is entered. */
int apply_host_null_open(struct apply_host_mounts *mounts, struct thole_error *err);

/**
 * A detached clone of the mount at @place, an fd of a file or directory of the host; with
 * AT_RECURSIVE in @flags also of those beneath. It stays in the host's peer groups if @peers says
 * so, else it is private. Returns an fd, -1 with errno set.
 */
int apply_host_tree(const struct apply_host_mounts *mounts, int place, unsigned flags, bool peers);

void apply_host_mounts_done(struct apply_host_mounts *mounts);
#define cleanup_apply_host_mounts __attribute__((cleanup(apply_host_mounts_done)))

#endif
