/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting a profile's system calls into those with one answer and those for libseccomp. */
#include "security/seccomp_table.h"

#include <stdlib.h>

/* libseccomp's own numbers for calls that go through socketcall(2) and ipc(2); what an architecture
 * does not have at all is farther down. */
enum { SHARED_LEAST = -299, SHARED_MOST = -100 };

bool seccomp_rule_has_alternatives(const struct plan_seccomp_rule *rule) {
    uint64_t seen = 0;
    for (size_t i = 0; i < rule->argument_count; i++) {
        const uint64_t bit = UINT64_C(1) << (rule->arguments[i].index % 64);
        if ((seen & bit) != 0)
            return true;
        seen |= bit;
    }
    return false;
}

void seccomp_table_done(struct seccomp_table *table) {
    free(table->items);
    *table = (struct seccomp_table){0};
}

int seccomp_table_add(struct seccomp_table *table, const struct seccomp_call *call) {
    if (table->count == table->capacity) {
        size_t capacity = table->capacity == 0 ? 512 : table->capacity * 2;
        struct seccomp_call *larger = reallocarray(table->items, capacity, sizeof(*larger));
        if (larger == NULL)
            return -1;
        table->items = larger;
        table->capacity = capacity;
    }
    table->items[table->count++] = *call;
    return 0;
}

static int compare_numbers(const void *a, const void *b) {
    int64_t left = (*(struct seccomp_call *const *)a)->number;
    int64_t right = (*(struct seccomp_call *const *)b)->number;
    return (left > right) - (left < right);
}

/* Pointers to the calls, ascending by number. NULL: no memory. */
static struct seccomp_call **sort_calls(const struct seccomp_table *table) {
    struct seccomp_call **sorted = calloc(table->count + 1, sizeof(struct seccomp_call *));
    if (sorted == NULL)
        return NULL;
    for (size_t i = 0; i < table->count; i++)
        sorted[i] = &table->items[i];
    qsort(sorted, table->count, sizeof(struct seccomp_call *), compare_numbers);
    return sorted;
}

static size_t group_length(struct seccomp_call *const *sorted, size_t left) {
    size_t length = 1;
    while (length < left && sorted[length]->number == sorted[0]->number)
        length++;
    return length;
}

static bool is_shared(int64_t number) {
    return number >= SHARED_LEAST && number <= SHARED_MOST;
}

static bool has_one_answer(struct seccomp_call *const *group, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (group[i]->rule->argument_count > 0 || group[i]->action != group[0]->action)
            return false;
    }
    return true;
}

static bool is_listed(int64_t number, const int64_t *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (list[i] == number)
            return true;
    }
    return false;
}

int seccomp_table_settle(struct seccomp_table *table, const int64_t *shared, size_t shared_count) {
    struct seccomp_call **sorted = sort_calls(table);
    if (sorted == NULL)
        return -1;
    for (size_t i = 0; i < table->count; i++)
        table->shares = table->shares || is_shared(table->items[i].number);
    for (size_t at = 0; at < table->count;) {
        size_t length = group_length(sorted + at, table->count - at);
        int64_t number = sorted[at]->number;
        bool leave = is_shared(number) || !has_one_answer(sorted + at, length) ||
                     (table->shares && is_listed(number, shared, shared_count));
        for (size_t i = 0; i < length; i++)
            sorted[at + i]->for_libseccomp = leave;
        at += length;
    }
    free(sorted);
    return 0;
}

/* Takes the place of an interval of no length, and extends the last one if it answers the same. */
static void put(struct seccomp_intervals *intervals, uint32_t first, uint32_t answer,
                bool by_program) {
    if (intervals->count > 0 && intervals->items[intervals->count - 1].first == first)
        intervals->count--;
    if (intervals->count > 0) {
        const struct seccomp_interval *last = &intervals->items[intervals->count - 1];
        if (last->by_program == by_program && (by_program || last->answer == answer))
            return;
    }
    intervals->items[intervals->count++] = (struct seccomp_interval){first, answer, by_program};
}

int seccomp_table_intervals(const struct seccomp_table *table, uint32_t first, uint32_t newest,
                            uint32_t default_action, uint32_t newer_action,
                            struct seccomp_intervals *ret_intervals) {
    struct seccomp_call **sorted = sort_calls(table);
    struct seccomp_intervals intervals = {
        .items = calloc(2 * table->count + 2, sizeof(*intervals.items))};
    if (sorted == NULL || intervals.items == NULL) {
        free(sorted);
        free(intervals.items);
        return -1;
    }
    /* The numbers that sharing calls have of their own are known to libseccomp alone. */
    put(&intervals, first, default_action, table->shares);
    for (size_t at = 0; at < table->count;) {
        const struct seccomp_call *call = sorted[at];
        at += group_length(sorted + at, table->count - at);
        if (call->number < (int64_t)first || call->number > UINT32_MAX)
            continue;
        put(&intervals, (uint32_t)call->number, call->action, call->for_libseccomp);
        if (call->number < UINT32_MAX)
            put(&intervals, (uint32_t)call->number + 1, default_action, table->shares);
    }
    if (newest < UINT32_MAX)
        put(&intervals, newest + 1, newer_action, false);
    free(sorted);
    *ret_intervals = intervals;
    return 0;
}
