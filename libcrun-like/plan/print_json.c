/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for programs: one member per group, a list of objects or an object. */
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

#include "base/text.h"
#include "plan/describe.h"
#include "plan/print.h"

static void write_string(yajl_gen json, const char *string) {
    (void)yajl_gen_string(json, (const unsigned char *)string, strlen(string));
}

static void write_cell(yajl_gen json, const struct plan_cell *cell) {
    if (cell->text == NULL && cell->kind != PLAN_CELL_FLAG && cell->kind != PLAN_CELL_WORDS)
        return;
    write_string(json, cell->name);
    switch (cell->kind) {
    case PLAN_CELL_FLAG:
        (void)yajl_gen_bool(json, cell->text != NULL);
        break;
    case PLAN_CELL_NUMBER:
        (void)yajl_gen_number(json, cell->text, strlen(cell->text));
        break;
    case PLAN_CELL_WORDS:
        (void)yajl_gen_array_open(json);
        for (size_t i = 0; i < cell->words.count; i++)
            write_string(json, cell->words.items[i]);
        (void)yajl_gen_array_close(json);
        break;
    default:
        write_string(json, cell->text);
        break;
    }
}

static void write_row(yajl_gen json, const struct plan_row *row) {
    (void)yajl_gen_map_open(json);
    for (size_t i = 0; i < row->cell_count; i++)
        write_cell(json, &row->cells[i]);
    if (row->where[0] != '\0') {
        write_string(json, "where");
        write_string(json, row->where);
    }
    (void)yajl_gen_map_close(json);
}

static void write_group(yajl_gen json, const struct plan_group *group) {
    write_string(json, group->name);
    if (!group->list) {
        write_row(json, &group->rows[0]);
        return;
    }
    (void)yajl_gen_array_open(json);
    for (size_t i = 0; i < group->row_count; i++)
        write_row(json, &group->rows[i]);
    (void)yajl_gen_array_close(json);
}

static void free_generator(yajl_gen *json) {
    yajl_gen_free(*json);
}

char *plan_print_json(const struct plan *plan) {
    struct arena arena cleanup_arena = {0};
    struct plan_description description = {.arena = &arena};
    plan_describe(&description, plan);

    yajl_gen json __attribute__((cleanup(free_generator))) = yajl_gen_alloc(NULL);
    if (json == NULL)
        abort();
    (void)yajl_gen_config(json, yajl_gen_beautify, 1);
    (void)yajl_gen_config(json, yajl_gen_indent_string, "    ");
    (void)yajl_gen_map_open(json);
    for (size_t i = 0; i < description.group_count; i++)
        write_group(json, &description.groups[i]);
    (void)yajl_gen_map_close(json);

    const unsigned char *buffer = NULL;
    size_t length = 0;
    (void)yajl_gen_get_buf(json, &buffer, &length);
    struct text result = {0};
    text_append_bytes(&result, buffer, length);
    return text_take(&result);
}
