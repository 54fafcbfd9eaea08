/* SPDX-License-Identifier: Apache-2.0 */
/* All containers of an lxcpath: those that are defined there, and those that run; and those of
 * other runtimes and engines. */
#pragma once

#include "thole.h"

struct lxc_listed {
    char *name;
    char *config_file;         /* LXCPATH/NAME/config, NULL: it is not defined */
    char *root;                /* the state root it is in, NULL: it does not run */
    const char *type;          /* who made it: lxc_state_type() */
    struct thole_state *state; /* NULL: it does not run */
};

/** Sorted by name. */
struct lxc_listing {
    struct lxc_listed *items;
    size_t count;
};

/** Fills in @ret_listing; with @foreign the containers of all other state roots are in it as well.
 */
int lxc_listing_read(const char *lxcpath, bool foreign, const struct thole_log *log,
                     struct lxc_listing *ret_listing, struct thole_error *err);

void lxc_listing_done(struct lxc_listing *listing);
#define cleanup_lxc_listing __attribute__((cleanup(lxc_listing_done)))
