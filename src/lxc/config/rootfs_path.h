/* SPDX-License-Identifier: Apache-2.0 */
/* The value of lxc.rootfs.path: a directory, or layers of directories. */
#pragma once

#include "base/error.h"

enum lxc_rootfs_kind {
    LXC_ROOTFS_NONE,      /* not set: the host's root */
    LXC_ROOTFS_DIRECTORY, /* "PATH", "dir:PATH", "btrfs:PATH" */
    LXC_ROOTFS_LOOP,      /* "loop:FILE" */
    LXC_ROOTFS_OVERLAY,   /* "overlay:LOWER[:LOWER...]:UPPER", "overlayfs:..." */
};

/** Where a container's files are. Strings are malloc'ed; those of another kind are NULL. */
struct lxc_rootfs_path {
    enum lxc_rootfs_kind kind;
    char *directory;
    char *image; /* a file with a filesystem in it */
    char *lower; /* directories, the top one first, with colons between them */
    char *upper;
    char *work; /* "work" beside @upper, as LXC has it */
};

/** @value may be NULL. @where is for errors: other types of storage, and paths that are none. */
int lxc_rootfs_path_parse(const char *value, const char *where, struct lxc_rootfs_path *ret_rootfs,
                          struct thole_error *err);

void lxc_rootfs_path_done(struct lxc_rootfs_path *rootfs);
#define cleanup_lxc_rootfs_path __attribute__((cleanup(lxc_rootfs_path_done)))
