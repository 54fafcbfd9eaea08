/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which containers use the files of which, as LXC keeps it: "lxc_snapshots" in a container's
 * directory lists those that use its files, "lxc_rdepends" those whose files it uses. Two lines
 * each: lxcpath and name.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/** One container, for these lists. */
struct lxc_clone_name {
    const char *lxcpath;
    const char *name;
};

/** 1: other containers use files of the one in @directory, 0: none does. */
int lxc_clones_exist(const char *directory, struct thole_error *err);

/**
 * Notes that @clone, in @directory, uses files of what @origin uses, and with @itself of @origin
 * too.
 */
int lxc_clones_add(const char *directory, const struct lxc_clone_name *clone,
                   const struct lxc_clone_name *origin, bool itself, struct thole_error *err);

/** The container in @directory has another name on the lists of all whose files it uses. */
int lxc_clones_rename(const char *directory, const struct lxc_clone_name *before,
                      const struct lxc_clone_name *after, struct thole_error *err);

/** Takes @clone, in @directory, off the lists of all whose files it used. */
int lxc_clones_remove(const char *directory, const struct lxc_clone_name *clone,
                      struct thole_error *err);
