/* SPDX-License-Identifier: Apache-2.0 */
/* All containers of an lxcpath: those that are defined there, and those that run. */
#pragma once

#include "thole.h"

struct lxc_listed {
    char *name;
    bool defined;              /* LXCPATH/NAME/config exists */
    struct thole_state *state; /* NULL: it does not run */
};

/** Sorted by name. */
struct lxc_listing {
    struct lxc_listed *items;
    size_t count;
};

int lxc_listing_read(const char *lxcpath, const struct thole_log *log,
                     struct lxc_listing *ret_listing, struct thole_error *err);

void lxc_listing_done(struct lxc_listing *listing);
#define cleanup_lxc_listing __attribute__((cleanup(lxc_listing_done)))
