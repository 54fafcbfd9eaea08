/* SPDX-License-Identifier: Apache-2.0 */
/* Which files an lxc.include names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { LXC_INCLUDE_DEPTH_MAX = 16 };

/** A file that is being read, and the ones that include it. */
struct lxc_open_file {
    const char *path;
    const struct lxc_open_file *includer;
};

/** @items are malloc'ed paths, in the order in which they are read. */
struct lxc_included {
    char **items;
    size_t count;
    bool missing; /* there is no such directory */
};

/**
 * The files of @value: itself, or the *.conf of a directory by name. A relative path starts at the
 * directory of @file; NULL: where the command was called. A directory, told from the slash at its
 * end, may be missing.
 */
int lxc_include_list(const char *value, const struct lxc_open_file *file, const char *where,
                     struct lxc_included *ret_included, struct thole_error *err);

/** Refuses @path if it is being read already, or if too many files include one another. */
int lxc_include_check(const char *path, const struct lxc_open_file *file, const char *where,
                      struct thole_error *err);

void lxc_included_done(struct lxc_included *included);
#define cleanup_lxc_included __attribute__((cleanup(lxc_included_done)))
