/* SPDX-License-Identifier: Apache-2.0 */
/* Tables as virsh prints them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { VIRSH_TABLE_COLUMNS = 4 };

struct virsh_table {
    size_t columns;
    char *(*rows)[VIRSH_TABLE_COLUMNS]; /* malloc'ed, the first one is the heading */
    size_t row_count;
};

/** Adds the cells as a row. */
void virsh_table_add(struct virsh_table *table, const char *const *cells);

/** Appends it, with its heading unless @quiet. */
void virsh_table_write(const struct virsh_table *table, bool quiet, struct text *text);

void virsh_table_done(struct virsh_table *table);
#define cleanup_virsh_table __attribute__((cleanup(virsh_table_done)))
