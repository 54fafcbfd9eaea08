/* SPDX-License-Identifier: Apache-2.0 */
/* What containers use, as rows in an order. */
#include "top_rows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"

/* ---- one container ---- */

static const struct top_row *find(const struct top_rows *rows, const struct top_row *row) {
    for (size_t i = 0; rows != NULL && i < rows->count; i++) {
        const struct top_row *at = &rows->items[i];
        if (at->pid == row->pid && strcmp(at->id, row->id) == 0 && strcmp(at->root, row->root) == 0)
            return at;
    }
    return NULL;
}

/* A container that was started anew counts from nothing: it has another pid. */
static double cpu_percent(const struct top_row *before, const struct top_row *now) {
    if (before == NULL || before->usage.cpu == THOLE_USAGE_UNKNOWN ||
        now->usage.cpu == THOLE_USAGE_UNKNOWN || now->usage.cpu < before->usage.cpu ||
        now->time <= before->time)
        return -1;
    return 100 * (double)(now->usage.cpu - before->usage.cpu) / (double)(now->time - before->time);
}

static int forget(struct thole_error *err) {
    *err = (struct thole_error){0};
    return 0;
}

/* What ends while it is looked at is not there. */
static int is_gone(struct thole_error *err) {
    return err->kind == THOLE_ERROR_NOT_FOUND || err->kind == THOLE_ERROR_STATE ? forget(err) : -1;
}

/* 1 with the numbers, 0: it has ended. */
static int read_numbers(struct top_row *row, struct thole_error *err) {
    const struct thole_context context = {.root = row->root};
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    if (thole_usage(&context, row->id, &row->usage, err) < 0)
        return is_gone(err);
    row->time = clock_nanoseconds(CLOCK_MONOTONIC);
    if (thole_pids(&context, row->id, &pids, &count, err) < 0)
        return is_gone(err);
    row->pids = count;
    return 1;
}

/* One whose record cannot be read is shown, without a number. */
static void make_unknown(struct top_row *row) {
    row->pids = THOLE_USAGE_UNKNOWN;
    row->usage = (struct thole_usage){
        .cpu = THOLE_USAGE_UNKNOWN,
        .cpu_system = THOLE_USAGE_UNKNOWN,
        .cpu_user = THOLE_USAGE_UNKNOWN,
        .memory = THOLE_USAGE_UNKNOWN,
        .swap = THOLE_USAGE_UNKNOWN,
        .kernel_memory = THOLE_USAGE_UNKNOWN,
        .io_read = THOLE_USAGE_UNKNOWN,
        .io_written = THOLE_USAGE_UNKNOWN,
        .io_operations = THOLE_USAGE_UNKNOWN,
    };
}

static char *copy(const char *string) {
    char *result = strdup(string);
    if (result == NULL)
        abort();
    return result;
}

static int add(struct top_rows *rows, const struct top_rows *before, const char *root,
               const struct thole_state *state, struct thole_error *err) {
    struct top_row row = {.status = state->status, .pid = state->pid, .cpu_percent = -1};
    const bool known = state->status != THOLE_STATUS_UNKNOWN;
    if (known && state->pid <= 0)
        return 0;
    row.root = copy(root);
    row.id = copy(state->id);
    make_unknown(&row);
    int result = known ? read_numbers(&row, err) : 1;
    if (result <= 0) {
        free(row.root);
        free(row.id);
        return result;
    }
    row.cpu_percent = cpu_percent(find(before, &row), &row);
    rows->items = reallocarray(rows->items, rows->count + 1, sizeof(*rows->items));
    if (rows->items == NULL)
        abort();
    rows->items[rows->count++] = row;
    return 0;
}

/* ---- all of them ---- */

static int read_root(struct top_rows *rows, const struct top_rows *before, const char *root,
                     struct thole_error *err) {
    const struct thole_context context = {.root = root};
    struct thole_state **states = NULL;
    size_t count = 0;
    if (thole_list(&context, &states, &count, err) < 0)
        return -1;
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        if (result == 0)
            result = add(rows, before, root, states[i], err);
        thole_state_free(states[i]);
    }
    free(states);
    rows->root_count++;
    return result;
}

int top_rows_read(const char *root, const struct top_rows *before, struct top_rows *ret_rows,
                  struct thole_error *err) {
    struct thole_root *roots = NULL;
    size_t count = 0;
    *ret_rows = (struct top_rows){0};
    if (root != NULL)
        return read_root(ret_rows, before, root, err);
    int result = thole_roots(&roots, &count, err);
    for (size_t i = 0; i < count && result == 0; i++) {
        result = read_root(ret_rows, before, roots[i].path, err);
        if (result < 0 && err->code == ENOENT && access(roots[i].path, F_OK) < 0)
            result = forget(err); /* an engine has taken it away meanwhile */
    }
    thole_roots_free(roots, count);
    return result;
}

void top_rows_done(struct top_rows *rows) {
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->items[i].root);
        free(rows->items[i].id);
    }
    free(rows->items);
    *rows = (struct top_rows){0};
}

/* ---- their order ---- */

/* What is not known is less than nothing. */
static double number_of(const struct top_row *row, enum top_order order) {
    const uint64_t numbers[] = {
        [TOP_BY_MEMORY] = row->usage.memory,
        [TOP_BY_PIDS] = row->pids,
        [TOP_BY_IO] = row->usage.io_read == THOLE_USAGE_UNKNOWN
                          ? THOLE_USAGE_UNKNOWN
                          : row->usage.io_read + row->usage.io_written,
    };
    if (order == TOP_BY_CPU)
        return row->cpu_percent;
    return numbers[order] == THOLE_USAGE_UNKNOWN ? -1 : (double)numbers[order];
}

struct sorting {
    enum top_order order;
    bool reverse;
};

static int compare(const void *a, const void *b, void *argument) {
    const struct sorting *sorting = argument;
    const struct top_row *first = a;
    const struct top_row *second = b;
    int order = strcmp(first->id, second->id);
    if (order == 0)
        order = strcmp(first->root, second->root);
    if (sorting->order != TOP_BY_NAME) {
        const double left = number_of(first, sorting->order);
        const double right = number_of(second, sorting->order);
        order = left < right ? 1 : left > right ? -1 : order;
    }
    return sorting->reverse ? -order : order;
}

void top_rows_sort(struct top_rows *rows, enum top_order order, bool reverse) {
    struct sorting sorting = {order, reverse};
    if (rows->count > 1)
        qsort_r(rows->items, rows->count, sizeof(*rows->items), compare, &sorting);
}
