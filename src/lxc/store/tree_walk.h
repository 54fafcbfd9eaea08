/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking a directory tree that somebody else has filled: a container's root file system. Only
 * names in open directories are used, so that a link never leads out of it, and depth costs neither
 * descriptors nor stack.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"

struct lxc_tree_level;

/** Where a walk is. */
struct lxc_tree_walk {
    int directory;                 /* the one that is being walked */
    struct lxc_tree_level *levels; /* its ancestors and itself, the top first; malloc'ed */
    size_t depth;
    uint64_t mount;  /* of the whole tree */
    const char *top; /* for messages */
};

/** What is done on the way. Each returns 0, or -1 with the error filled in, which ends the walk. */
struct lxc_tree_visitor {
    /** Anything but a directory: @name in walk->directory. */
    int (*file)(void *userdata, const struct lxc_tree_walk *walk, const char *name,
                const struct stat *status, struct thole_error *err);
    /** A directory @name in walk->directory, before what is in it. */
    int (*enter)(void *userdata, const struct lxc_tree_walk *walk, const char *name,
                 const struct stat *status, struct thole_error *err);
    /** The same, after what is in it; walk->directory is its parent again. */
    int (*leave)(void *userdata, const struct lxc_tree_walk *walk, const char *name,
                 const struct stat *status, struct thole_error *err);
    void *userdata;
};

/**
 * Walks what is in @top (not @top itself). What is mounted in the tree is an error: it belongs to
 * somebody else. So is a directory that is moved meanwhile.
 */
int lxc_tree_walk(const char *top, const struct lxc_tree_visitor *visitor, struct thole_error *err);

/** The path of @name in the directory of @walk, relative to its top; malloc'ed. */
char *lxc_tree_path(const struct lxc_tree_walk *walk, const char *name);
