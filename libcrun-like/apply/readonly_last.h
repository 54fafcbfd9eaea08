/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts that become read-only when everything beneath them is made: mount points of later mounts,
 * devices, /dev/console, the working directory. They are held by file descriptors, since a path may
 * lead to another mount by then. Runs in init.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "plan/plan.h"

/** Zero-initialise to use. */
struct apply_readonly_last {
    struct apply_readonly_item {
        int fd;
        const struct plan_mount *mount;
    } * items;
    size_t count;
};

/**
 * Remembers the tree @mount_fd, which stays the caller's, if @mount is to be read-only in the end.
 * False if it has to be so at once: there is nothing to make beneath a file, and where so many wait
 * that file descriptors get scarce, the rest does not; nothing waits without a @list.
 */
bool apply_readonly_waits(struct apply_readonly_last *list, const struct plan_mount *mount,
                          int mount_fd);
/** Makes them read-only. */
int apply_readonly_now(const struct apply_readonly_last *list, struct thole_error *err);
void apply_readonly_last_done(struct apply_readonly_last *list);
#define cleanup_apply_readonly_last __attribute__((cleanup(apply_readonly_last_done)))
