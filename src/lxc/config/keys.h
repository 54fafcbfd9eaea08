/* SPDX-License-Identifier: Apache-2.0 */
/* The table of all keys of lxc.conf(5). */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

enum lxc_key_type {
    LXC_KEY_TEXT,
    LXC_KEY_FLAG,   /* 0 or 1 */
    LXC_KEY_NUMBER, /* decimal, may be negative */
};

/** How the values of several lines go together, and how lxc-info -c prints them. */
enum lxc_key_list {
    LXC_KEY_SINGLE,     /* the last line counts */
    LXC_KEY_LINES,      /* a line each, with its line break */
    LXC_KEY_OPEN_LINES, /* a line each, without the last line break */
    LXC_KEY_WORDS,      /* every word of every value is a line */
    LXC_KEY_BLANKS,     /* one line, blanks between */
    LXC_KEY_COMMAS,     /* one line, commas between */
};

/** One key. A table ends with a row without a name. */
struct lxc_key {
    const char *name; /* an N stands for a number, a star at the end for any rest of the name */
    enum lxc_key_type type;
    enum lxc_key_list list;
    const char *since;     /* release of LXC that had it first, under this name or an old one */
    const char *until;     /* the last one that had it; NULL: today's has */
    const char *otherwise; /* what lxc-info prints if it is not set; NULL: nothing */
    const char *lands;     /* where it goes: member of config.json, or who acts on it */
    const char *help;      /* one line */
};

extern const struct lxc_key lxc_keys[];

/** What a full name is made of. */
struct lxc_key_match {
    const struct lxc_key *key;
    unsigned index;     /* the number in place of N, else 0 */
    const char *detail; /* in the name: what the star stands for; "" if nothing does */
};

/**
 * Finds the row of @name ("lxc.net.0.link"). "lxc.cgroup2", without the rest that the star stands
 * for, is found as well, with no detail.
 */
bool lxc_key_find(const char *name, struct lxc_key_match *ret_match);

/** True if keys begin with @name and a dot: "lxc.net", "lxc.net.0", "lxc.hook". */
bool lxc_key_is_group(const char *name);

/** The name that somebody meant who wrote @name, or NULL; it lies in @arena. */
const char *lxc_key_nearest(const char *name, struct arena *arena);
