/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering and sorting what lxc-top shows. */
#include "lxc/commands/top_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* What no file tells counts as nothing in tables and sums. */
static uint64_t known(uint64_t number) {
    return number == THOLE_USAGE_UNKNOWN ? 0 : number;
}

static void make_known(struct thole_usage *usage) {
    uint64_t *const numbers[] = {
        &usage->cpu,     &usage->cpu_system, &usage->cpu_user,
        &usage->memory,  &usage->swap,       &usage->kernel_memory,
        &usage->io_read, &usage->io_written, &usage->io_operations,
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        *numbers[i] = known(*numbers[i]);
}

static uint64_t sort_number(const struct thole_usage *usage, char sort) {
    switch (sort) {
    case 'c':
        return usage->cpu;
    case 'b':
        return usage->io_read + usage->io_written;
    case 'm':
        return usage->memory;
    case 's':
        return usage->memory + usage->swap;
    default:
        return usage->kernel_memory;
    }
}

/* Numbers from the largest on, names from a to z; both the other way round with --reverse. */
static int compare(const void *a, const void *b, void *argument) {
    const struct lxc_top_choice *choice = argument;
    const struct lxc_top_row *first = a;
    const struct lxc_top_row *second = b;
    int order = strcmp(first->name, second->name);
    if (choice->sort != 'n') {
        uint64_t left = sort_number(&first->usage, choice->sort);
        uint64_t right = sort_number(&second->usage, choice->sort);
        order = left == right ? order : left < right ? 1 : -1;
    }
    return choice->reverse ? -order : order;
}

static int add(struct lxc_top_rows *rows, const struct lxc_listed *listed,
               struct thole_error *err) {
    const struct thole_context context = {.root = listed->root};
    struct thole_usage usage = {0};
    if (listed->state == NULL || listed->state->pid <= 0)
        return 0;
    if (thole_usage(&context, listed->state->id, &usage, err) < 0) {
        if (err->kind != THOLE_ERROR_NOT_FOUND && err->kind != THOLE_ERROR_STATE)
            return -1;
        *err = (struct thole_error){0};
        return 0;
    }
    make_known(&usage);
    rows->items = reallocarray(rows->items, rows->count + 1, sizeof(*rows->items));
    if (rows->items == NULL)
        abort();
    rows->items[rows->count++] = (struct lxc_top_row){listed->name, usage};
    return 0;
}

int lxc_top_rows_read(const struct lxc_top_choice *choice, const struct thole_log *log,
                      struct lxc_top_rows *ret_rows, struct thole_error *err) {
    *ret_rows = (struct lxc_top_rows){
        .listings = calloc(choice->lxcpath_count + 1, sizeof(*ret_rows->listings))};
    if (ret_rows->listings == NULL)
        abort();
    for (size_t i = 0; i < choice->lxcpath_count; i++) {
        struct lxc_listing *listing = &ret_rows->listings[ret_rows->listing_count++];
        if (lxc_listing_read(choice->lxcpaths[i], choice->foreign, log, listing, err) < 0)
            return -1;
        for (size_t j = 0; j < listing->count; j++) {
            if (add(ret_rows, &listing->items[j], err) < 0)
                return -1;
        }
    }
    if (ret_rows->count > 1)
        qsort_r(ret_rows->items, ret_rows->count, sizeof(*ret_rows->items), compare,
                (void *)(uintptr_t)choice);
    return 0;
}

void lxc_top_rows_done(struct lxc_top_rows *rows) {
    for (size_t i = 0; i < rows->listing_count; i++)
        lxc_listing_done(&rows->listings[i]);
    free(rows->listings);
    free(rows->items);
    *rows = (struct lxc_top_rows){0};
}
