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

/* More than that are read-only at once: file descriptors are limited. */
enum { APPLY_READONLY_LAST_MAX = 64 };

struct apply_readonly_last {
    struct {
        int fd;
        const struct plan_mount *mount;
    } items[APPLY_READONLY_LAST_MAX];
    size_t count;
};

/** True if the tree @mount_fd can wait: there is nothing to make beneath a file. */
bool apply_readonly_waits(const struct apply_readonly_last *list, const struct plan_mount *mount,
                          int mount_fd);
/** Remembers the tree, whose fd stays the caller's. */
int apply_readonly_remember(struct apply_readonly_last *list, const struct plan_mount *mount,
                            int mount_fd, struct thole_error *err);
/** Makes them read-only. */
int apply_readonly_now(const struct apply_readonly_last *list, struct thole_error *err);
void apply_readonly_last_done(struct apply_readonly_last *list);
#define cleanup_apply_readonly_last __attribute__((cleanup(apply_readonly_last_done)))
