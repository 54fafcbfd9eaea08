/* SPDX-License-Identifier: Apache-2.0 */
/* Columns as wide as their widest cell, three blanks apart. */
#include "virsh/commands/table.h"

#include <stdlib.h>
#include <string.h>

enum { GAP = 3 };

void virsh_table_add(struct virsh_table *table, const char *const *cells) {
    table->rows = realloc(table->rows, (table->row_count + 1) * sizeof(*table->rows));
    if (table->rows == NULL)
        abort();
    for (size_t i = 0; i < VIRSH_TABLE_COLUMNS; i++)
        table->rows[table->row_count][i] = i < table->columns ? strdup(cells[i]) : NULL;
    table->row_count++;
}

static size_t width_of(const struct virsh_table *table, size_t column) {
    size_t width = 0;
    for (size_t i = 0; i < table->row_count; i++) {
        const size_t length = strlen(table->rows[i][column]);
        width = length > width ? length : width;
    }
    return width;
}

static void append_row(const struct virsh_table *table, char *const *cells, struct text *text) {
    for (size_t i = 0; i < table->columns; i++) {
        const bool last = i + 1 == table->columns;
        text_appendf(text, "%s%-*s", i == 0 ? " " : "", last ? 0 : (int)(width_of(table, i) + GAP),
                     cells[i]);
    }
    text_append(text, "\n");
}

/* As long as the widest row would be with all of its blanks. */
static void append_line(const struct virsh_table *table, struct text *text) {
    size_t length = 1;
    for (size_t i = 0; i < table->columns; i++)
        length += width_of(table, i) + GAP;
    for (size_t i = 0; i + 1 < length; i++)
        text_append(text, "-");
    text_append(text, "\n");
}

void virsh_table_write(const struct virsh_table *table, bool quiet, struct text *text) {
    for (size_t i = quiet ? 1 : 0; i < table->row_count; i++) {
        append_row(table, table->rows[i], text);
        if (i == 0)
            append_line(table, text);
    }
}

void virsh_table_done(struct virsh_table *table) {
    for (size_t i = 0; i < table->row_count; i++) {
        for (size_t column = 0; column < table->columns; column++)
            free(table->rows[i][column]);
    }
    free(table->rows);
    *table = (struct virsh_table){0};
}
