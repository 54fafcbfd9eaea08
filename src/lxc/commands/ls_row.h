/* SPDX-License-Identifier: Apache-2.0 */
/* A container of lxc-ls: the cells of its row. */
#pragma once

#include "base/text.h"
#include "lxc/store/listing.h"

enum lxc_column {
    LXC_COLUMN_NAME,
    LXC_COLUMN_STATE,
    LXC_COLUMN_PID,
    LXC_COLUMN_RAM,
    LXC_COLUMN_SWAP,
    LXC_COLUMN_AUTOSTART,
    LXC_COLUMN_GROUPS,
    LXC_COLUMN_INTERFACE,
    LXC_COLUMN_IPV4,
    LXC_COLUMN_IPV6,
    LXC_COLUMN_UNPRIVILEGED,
    LXC_COLUMN_TYPE,
    LXC_COLUMN_COUNT,
};

struct lxc_row {
    const struct lxc_listed *listed;
    unsigned depth;                   /* 0: a container of this host, 1: of one of those, ... */
    char *cells[LXC_COLUMN_COUNT];    /* malloc'ed; NULL: not asked for, "": there is none */
    uint64_t bytes[LXC_COLUMN_COUNT]; /* what RAM and SWAP are exactly */
};

/** "NAME", in any case -> its column, or LXC_COLUMN_COUNT. */
enum lxc_column lxc_column_find(const char *word, size_t length);
const char *lxc_column_name(enum lxc_column column);

/** Appends a member of a JSON object: "pid":17, "ipv4":["10.0.3.2"], null for what is not known. */
void lxc_row_append_json(const struct lxc_row *row, enum lxc_column column, struct text *text);

/** The groups of a container, separated by ", "; malloc'ed. */
int lxc_row_groups(const struct lxc_listed *listed, char **ret_groups, struct thole_error *err);

/** Fills in the cells of @columns (a bit for each); a configuration that cannot be read leaves
 * those of it empty, with a warning. */
int lxc_row_fill(struct lxc_row *row, unsigned columns, const struct thole_log *log,
                 struct thole_error *err);

void lxc_row_done(struct lxc_row *row);
