/* SPDX-License-Identifier: Apache-2.0 */
/* The names that keys had before LXC 2.1. */
#pragma once

#include <stdbool.h>

#include "base/text.h"

struct lxc_old_name {
    const char *name;  /* with a dot at the end: the beginning of names */
    const char *today; /* in place of it; NULL: it has no effect any more */
    const char *until; /* the last release that had it */
    const char *help;  /* why it has no effect, or NULL */
};

extern const struct lxc_old_name lxc_old_names[];

/** What old lines say about the lines after them. Zero-initialise for a new configuration. */
struct lxc_old_names_state {
    unsigned next_interface; /* index of the next one without a number */
    unsigned interface;      /* index of the one that lines without a number are about */
    bool has_interface;      /* there is one: a line lxc.network.type */
};

/** What became of a name. */
enum lxc_old_answer {
    LXC_NAME_TODAYS,       /* it is no old name; nothing was appended */
    LXC_NAME_TRANSLATED,   /* today's name was appended */
    LXC_NAME_DROPPED,      /* it has no effect any more */
    LXC_NAME_NO_INTERFACE, /* lxc.network.KEY without lxc.network.type before it */
};

/**
 * Appends today's name of @name to @today; @ret_row is its row in the table, or NULL. An
 * lxc.network.type with a value (@empty false) begins a new interface.
 */
enum lxc_old_answer lxc_old_name_translate(struct lxc_old_names_state *state, const char *name,
                                           bool empty, struct text *today,
                                           const struct lxc_old_name **ret_row);

/** Tells the state that lxc.net.@index is in use, so that old lines go beside it. */
void lxc_old_names_use_interface(struct lxc_old_names_state *state, unsigned index);
