/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for people: groups, one entry a line, columns aligned, the JSON pointer at the end. */
#include "plan/print.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/builder.h"
#include "plan/describe.h"

/* Entries wider than this do not push everybody's pointer to the right. */
enum { INDENT = 2, COLUMNS_MAX = 8, COLUMN_WIDTH_MAX = 40, LINE_WIDTH_MAX = 110 };

/* Bare where that is unambiguous, else as a JSON string. */
static void append_value(struct text *line, const char *value) {
    bool bare = value[0] != '\0';
    for (const char *c = value; bare && *c != '\0'; c++)
        bare = *c > ' ' && *c != '"' && *c != '\\' && *c != 0x7f;
    if (bare) {
        text_append(line, value);
        return;
    }
    text_append(line, "\"");
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0'; c++) {
        if (*c == '\n')
            text_append(line, "\\n");
        else if (*c < ' ' || *c == 0x7f)
            text_appendf(line, "\\u%04x", *c);
        else if (*c == '"' || *c == '\\')
            text_appendf(line, "\\%c", *c);
        else
            text_append_bytes(line, c, 1);
    }
    text_append(line, "\"");
}

static void pad(struct text *line, size_t width) {
    while (line->length < width)
        text_append(line, " ");
}

static void append_words(struct text *line, const struct plan_strings *words,
                         const char *separator) {
    for (size_t i = 0; i < words->count; i++) {
        if (i > 0)
            text_append(line, separator);
        append_value(line, words->items[i]);
    }
}

/* False for what says nothing: a flag that is not set, an absent text, an empty list. */
static bool is_shown(const struct plan_cell *cell) {
    return cell->kind == PLAN_CELL_WORDS ? cell->words.count > 0 : cell->text != NULL;
}

static void append_cell(struct text *line, const struct plan_cell *cell) {
    text_append(line, cell->name);
    if (cell->kind == PLAN_CELL_FLAG)
        return;
    text_append(line, "=");
    if (cell->kind == PLAN_CELL_WORDS)
        append_words(line, &cell->words, ",");
    else
        append_value(line, cell->text);
}

static void append_column(struct text *line, const struct plan_cell *cell) {
    if (cell->text == NULL || cell->text[0] == '\0')
        text_append(line, "-");
    else
        append_value(line, cell->text);
}

static void measure_columns(const struct plan_group *group, size_t widths[COLUMNS_MAX]) {
    for (size_t i = 0; i < group->row_count; i++) {
        const struct plan_row *row = &group->rows[i];
        for (size_t j = 0; j < row->cell_count && j < COLUMNS_MAX; j++) {
            struct text value cleanup_text = {0};
            if (row->cells[j].kind != PLAN_CELL_COLUMN)
                break;
            append_column(&value, &row->cells[j]);
            if (value.length > widths[j])
                widths[j] = value.length < COLUMN_WIDTH_MAX ? value.length : COLUMN_WIDTH_MAX;
        }
    }
}

static void format_row(struct text *line, const struct plan_row *row,
                       const size_t widths[COLUMNS_MAX]) {
    size_t column = INDENT;
    pad(line, INDENT);
    for (size_t i = 0; i < row->cell_count; i++) {
        const struct plan_cell *cell = &row->cells[i];
        if (cell->kind != PLAN_CELL_COLUMN && !is_shown(cell))
            continue;
        if (i > 0) {
            text_append(line, " ");
            pad(line, column);
        }
        if (cell->kind == PLAN_CELL_COLUMN)
            append_column(line, cell);
        else
            append_cell(line, cell);
        column = i < COLUMNS_MAX && cell->kind == PLAN_CELL_COLUMN ? column + widths[i] + 1 : 0;
    }
}

static void print_list(struct text *text, const struct plan_group *group) {
    size_t widths[COLUMNS_MAX] = {0};
    size_t longest = 0;
    measure_columns(group, widths);
    for (size_t i = 0; i < group->row_count; i++) {
        struct text line cleanup_text = {0};
        format_row(&line, &group->rows[i], widths);
        if (line.length > longest && group->rows[i].where[0] != '\0')
            longest = line.length < LINE_WIDTH_MAX ? line.length : LINE_WIDTH_MAX;
    }
    for (size_t i = 0; i < group->row_count; i++) {
        struct text line cleanup_text = {0};
        format_row(&line, &group->rows[i], widths);
        while (line.data[line.length - 1] == ' ')
            line.data[--line.length] = '\0';
        if (group->rows[i].where[0] != '\0') {
            pad(&line, longest);
            text_appendf(&line, "  %s", group->rows[i].where);
        }
        text_appendf(text, "%s\n", line.data);
    }
}

static void print_object(struct text *text, const struct plan_row *row) {
    size_t width = 0;
    for (size_t i = 0; i < row->cell_count; i++) {
        if (is_shown(&row->cells[i]) && strlen(row->cells[i].name) > width)
            width = strlen(row->cells[i].name);
    }
    for (size_t i = 0; i < row->cell_count; i++) {
        const struct plan_cell *cell = &row->cells[i];
        struct text line cleanup_text = {0};
        if (!is_shown(cell))
            continue;
        text_appendf(&line, "%*s%s", INDENT, "", cell->name);
        pad(&line, INDENT + width + 2);
        if (cell->kind == PLAN_CELL_WORDS)
            append_words(&line, &cell->words, " ");
        else if (cell->kind == PLAN_CELL_FLAG)
            text_append(&line, "yes");
        else
            append_value(&line, cell->text);
        text_appendf(text, "%s\n", line.data);
    }
}

static bool says_nothing(const struct plan_group *group) {
    for (size_t i = 0; i < group->row_count; i++) {
        for (size_t j = 0; j < group->rows[i].cell_count; j++) {
            if (group->list || is_shown(&group->rows[i].cells[j]))
                return false;
        }
    }
    return true;
}

char *plan_print_text(const struct plan *plan) {
    struct arena arena cleanup_arena = {0};
    struct plan_description description = {.arena = &arena};
    struct text text = {0};
    plan_describe(&description, plan);
    for (size_t i = 0; i < description.group_count; i++) {
        const struct plan_group *group = &description.groups[i];
        if (says_nothing(group))
            continue;
        text_appendf(&text, "%s%s", text.length > 0 ? "\n" : "", group->name);
        if (!group->list && group->rows[0].where[0] != '\0')
            text_appendf(&text, "  %s", group->rows[0].where);
        text_append(&text, "\n");
        if (group->list)
            print_list(&text, group);
        else
            print_object(&text, &group->rows[0]);
    }
    return text_take(&text);
}
