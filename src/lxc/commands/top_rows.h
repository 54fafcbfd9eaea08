/* SPDX-License-Identifier: Apache-2.0 */
/* What running containers use, as rows in an order. */
#pragma once

#include "lxc/store/listing.h"

struct lxc_top_row {
    const char *name; /* of the listing */
    struct thole_usage usage;
};

struct lxc_top_rows {
    struct lxc_listing *listings; /* one for each lxcpath */
    size_t listing_count;
    struct lxc_top_row *items;
    size_t count;
};

/** Whose containers are shown, and in which order. */
struct lxc_top_choice {
    char *const *lxcpaths;
    size_t lxcpath_count;
    bool foreign; /* those of other state roots as well */
    char sort;    /* one of LXC_TOP_SORTS */
    bool reverse;
};

/** Name, CPU, block I/O, memory, memory and swap, kernel memory. */
#define LXC_TOP_SORTS "ncbmsk"

/** Looks at all of them. */
int lxc_top_rows_read(const struct lxc_top_choice *choice, const struct thole_log *log,
                      struct lxc_top_rows *ret_rows, struct thole_error *err);

void lxc_top_rows_done(struct lxc_top_rows *rows);
#define cleanup_lxc_top_rows __attribute__((cleanup(lxc_top_rows_done)))
