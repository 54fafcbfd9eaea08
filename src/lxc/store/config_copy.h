/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a configuration, for a copy of its container. */
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "base/text.h"

struct lxc_config_copy {
    const char *old_directory;
    const char *new_directory;
    const char
        *old_rootfs; /* where mount points named in full lie, and lie then; NULL: they stay */
    const char *new_rootfs;
    bool moved;      /* the old directory itself has become the new one */
    bool copy_files; /* files beside the configuration that it names are copied, too */
    bool keep_addresses;
};

/**
 * Changes @text: mount points, hooks, fstab, seccomp policies and log files in the old directory
 * become those in the new one, and hardware addresses are new ones. Comments, includes and all else
 * stay.
 */
int lxc_config_copy(const struct lxc_config_copy *copy, struct text *text, struct thole_error *err);

/** Changes the entries of the fstab @file of the copy in the same way, if there is one. */
int lxc_config_move_fstab(const struct lxc_config_copy *copy, const char *file,
                          struct thole_error *err);

/** @path, beneath the old directory, as one beneath the new: malloc'ed. NULL: it is elsewhere. */
char *lxc_config_moved_path(const struct lxc_config_copy *copy, const char *path);
