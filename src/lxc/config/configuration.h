/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lxc.conf(5) as a list of items: what the lines of files and -s options say, with old names made
 * new, cleared lists cleared and later values of single ones in place of earlier. The meaning of
 * values is convert/'s.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "lxc/config/old_names.h"

struct lxc_key; /* a row of the table of keys: config/keys.h */

/** One setting that is in force. All strings lie in the configuration's arena. */
struct lxc_item {
    const struct lxc_key *key;
    const char *name; /* today's full name: "lxc.net.0.veth.pair", "lxc.prlimit.nofile" */
    unsigned index;   /* of an interface, for lxc.net.N: 0 else */
    const char
        *detail; /* what stands for the last word of keys like lxc.prlimit.*: "nofile"; or "" */
    const char *value; /* without quotes and blanks around, never empty */
    const char *where; /* "/var/lib/lxc/web/config:12: lxc.net.0.veth.pair", or "-s lxc.arch" */
};

struct lxc_configuration {
    struct arena arena;
    struct lxc_item *items; /* malloc'ed, in the order of the files */
    size_t count;
    char **notes; /* what was understood in an old way, or left out: one line each, malloc'ed */
    size_t note_count;
    struct lxc_old_names_state old_names; /* from line to line */
    const char *rootfs_backend;           /* what lxc.rootfs.backend said: the type of the root */
};

/** Adds the lines of @file, and of what it includes. Errors carry FILE:LINE and the key. */
int lxc_configuration_read(struct lxc_configuration *config, const char *file,
                           struct thole_error *err);

/** Adds one line, "lxc.KEY = VALUE" or "lxc.KEY=VALUE", as -s has it. */
int lxc_configuration_define(struct lxc_configuration *config, const char *line,
                             struct thole_error *err);

/** Adds KEY and VALUE that a command came up with. */
int lxc_configuration_set(struct lxc_configuration *config, const char *key, const char *value,
                          struct thole_error *err);

/** The last item called @name ("lxc.uts.name"), or NULL. */
const struct lxc_item *lxc_configuration_find(const struct lxc_configuration *config,
                                              const char *name);

/** Its value, or NULL. */
const char *lxc_configuration_value(const struct lxc_configuration *config, const char *name);

/**
 * The next item after @previous (NULL: the first) whose name is @name, or begins with it where
 * @name ends with a dot: all of "lxc.cgroup2.".
 */
const struct lxc_item *lxc_configuration_next(const struct lxc_configuration *config,
                                              const char *name, const struct lxc_item *previous);

/** True if the item is set and its value is 1; an error if it is neither 0 nor 1. */
int lxc_configuration_flag(const struct lxc_configuration *config, const char *name, bool otherwise,
                           bool *ret_value, struct thole_error *err);

/**
 * Today's value of any key as lxc-info -c prints it: lists one value a line, each with its line
 * break; single values without. Returns 1 if there is no such key.
 */
int lxc_configuration_print(const struct lxc_configuration *config, const char *name,
                            struct text *text);

void lxc_configuration_done(struct lxc_configuration *config);
#define cleanup_lxc_configuration __attribute__((cleanup(lxc_configuration_done)))
