/* SPDX-License-Identifier: Apache-2.0 */
/* Rule by rule, comparison by comparison, word by word. */
#include "config.h"

#include "security/seccomp_arguments.h"

#include <endian.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#ifdef HAVE_LIBSECCOMP
#include <seccomp.h>
#endif

#ifdef HAVE_LIBSECCOMP

/* What a look at one word decides of the whole comparison. */
enum outcome { OPEN, HOLDS, FAILS };

/* The high words are compared first; the low ones count where those are equal. */
struct comparison {
    int op;
    enum outcome greater; /* the argument's high word is greater; OPEN: that is not asked */
    enum outcome differs; /* it is another one */
    uint16_t low;         /* BPF_JEQ, BPF_JGT, BPF_JGE */
    enum outcome low_true;
    enum outcome low_false;
};

static const struct comparison comparisons[] = {
    {SCMP_CMP_EQ, OPEN, FAILS, BPF_JEQ, HOLDS, FAILS},
    {SCMP_CMP_MASKED_EQ, OPEN, FAILS, BPF_JEQ, HOLDS, FAILS},
    {SCMP_CMP_NE, OPEN, HOLDS, BPF_JEQ, FAILS, HOLDS},
    {SCMP_CMP_GT, HOLDS, FAILS, BPF_JGT, HOLDS, FAILS},
    {SCMP_CMP_GE, HOLDS, FAILS, BPF_JGE, HOLDS, FAILS},
    {SCMP_CMP_LT, FAILS, HOLDS, BPF_JGE, FAILS, HOLDS},
    {SCMP_CMP_LE, FAILS, HOLDS, BPF_JGT, FAILS, HOLDS},
};

enum { COMPARISON_MOST = 7, RULE_MOST = 6 * COMPARISON_MOST + 1 };

/* The program in the making. */
struct writer {
    struct sock_filter *items;
    size_t count;
    size_t capacity;
    bool wide;
};

static struct sock_filter *add(struct writer *writer, unsigned code, uint32_t value) {
    if (writer->count == writer->capacity) {
        writer->capacity = writer->capacity * 2 + 64;
        writer->items = reallocarray(writer->items, writer->capacity, sizeof(*writer->items));
        if (writer->items == NULL)
            abort();
    }
    struct sock_filter *made = &writer->items[writer->count++];
    *made = (struct sock_filter){.code = (uint16_t)code, .k = value};
    return made;
}

/* Where a comparison leads is known at its end: until then its jumps hold outcomes. */
static void add_test(struct writer *writer, uint16_t test, uint32_t value, enum outcome if_true,
                     enum outcome if_false) {
    struct sock_filter *made = add(writer, BPF_JMP | BPF_K | test, value);
    made->jt = (uint8_t)if_true;
    made->jf = (uint8_t)if_false;
}

static void load(struct writer *writer, unsigned index, bool high, uint32_t mask) {
    const bool second = (__BYTE_ORDER == __LITTLE_ENDIAN) == high;
    const size_t word = offsetof(struct seccomp_data, args) + index * sizeof(uint64_t) +
                        (second ? sizeof(uint32_t) : 0);
    (void)add(writer, BPF_LD | BPF_W | BPF_ABS, (uint32_t)word);
    if (mask != UINT32_MAX)
        (void)add(writer, BPF_ALU | BPF_AND | BPF_K, mask);
}

static const struct comparison *find(int op) {
    for (size_t i = 0; i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
        if (comparisons[i].op == op)
            return &comparisons[i];
    }
    return NULL;
}

static void add_words(struct writer *writer, const struct comparison *comparison, unsigned index,
                      uint64_t value, uint64_t mask) {
    const uint32_t high = (uint32_t)(value >> 32);
    if (writer->wide) {
        load(writer, index, true, (uint32_t)(mask >> 32));
        if (comparison->greater != OPEN)
            add_test(writer, BPF_JGT, high, comparison->greater, OPEN);
        add_test(writer, BPF_JEQ, high, OPEN, comparison->differs);
    }
    load(writer, index, false, (uint32_t)mask);
    add_test(writer, comparison->low, (uint32_t)value, comparison->low_true, comparison->low_false);
}

/* What holds goes on behind the comparison; what fails, at the end of the rule, later. */
static void settle_holding(struct writer *writer, size_t first) {
    for (size_t i = first; i < writer->count; i++) {
        struct sock_filter *at = &writer->items[i];
        const uint8_t behind = (uint8_t)(writer->count - i - 1);
        if (BPF_CLASS(at->code) != BPF_JMP)
            continue;
        at->jt = at->jt == HOLDS ? behind : at->jt == FAILS ? UINT8_MAX : 0;
        at->jf = at->jf == HOLDS ? behind : at->jf == FAILS ? UINT8_MAX : 0;
    }
}

static bool add_comparison(struct writer *writer, const struct plan_seccomp_argument *argument) {
    const struct comparison *comparison = find(argument->op);
    const bool masked = argument->op == SCMP_CMP_MASKED_EQ;
    const uint64_t mask = masked ? argument->value : UINT64_MAX;
    const size_t first = writer->count;
    if (comparison == NULL)
        return false;
    add_words(writer, comparison, argument->index,
              masked ? argument->value_two & mask : argument->value, mask);
    settle_holding(writer, first);
    return true;
}

/* All @arguments hold, or the next rule is looked at. */
static bool add_rule(struct writer *writer, const struct plan_seccomp_argument *arguments,
                     size_t count, uint32_t action) {
    const size_t first = writer->count;
    for (size_t i = 0; i < count; i++) {
        if (!add_comparison(writer, &arguments[i]))
            return false;
    }
    (void)add(writer, BPF_RET | BPF_K, action);
    for (size_t i = first; i < writer->count; i++) {
        struct sock_filter *at = &writer->items[i];
        const uint8_t behind = (uint8_t)(writer->count - i - 1);
        if (BPF_CLASS(at->code) != BPF_JMP)
            continue;
        at->jt = at->jt == UINT8_MAX ? behind : at->jt;
        at->jf = at->jf == UINT8_MAX ? behind : at->jf;
    }
    return writer->count - first <= RULE_MOST;
}

/* One that compares an argument twice means any of its comparisons. */
static bool add_call(struct writer *writer, const struct seccomp_call *call) {
    const struct plan_seccomp_rule *rule = call->rule;
    if (!seccomp_rule_has_alternatives(rule))
        return add_rule(writer, rule->arguments, rule->argument_count, call->action);
    for (size_t i = 0; i < rule->argument_count; i++) {
        if (!add_rule(writer, &rule->arguments[i], 1, call->action))
            return false;
    }
    return true;
}

static int stricter_first(const void *a, const void *b) {
    const struct seccomp_call *first = *(const struct seccomp_call *const *)a;
    const struct seccomp_call *second = *(const struct seccomp_call *const *)b;
    const int32_t actions[] = {(int32_t)(first->action & SECCOMP_RET_ACTION_FULL),
                               (int32_t)(second->action & SECCOMP_RET_ACTION_FULL)};
    if (first->number != second->number)
        return first->number < second->number ? -1 : 1;
    if (actions[0] != actions[1])
        return actions[0] < actions[1] ? -1 : 1;
    return first < second ? -1 : first > second; /* the order of the rules */
}

/* The accumulator holds the number. */
static bool add_number(struct writer *writer, const struct seccomp_call *const *calls, size_t count,
                       uint32_t default_action) {
    struct sock_filter *test = add(writer, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[0]->number);
    test->jt = 1;
    const size_t jump = writer->count;
    (void)add(writer, BPF_JMP | BPF_JA, 0);
    for (size_t i = 0; i < count; i++) {
        if (!add_call(writer, calls[i]))
            return false;
    }
    (void)add(writer, BPF_RET | BPF_K, default_action);
    writer->items[jump].k = (uint32_t)(writer->count - jump - 1);
    return true;
}

static bool add_numbers(struct writer *writer, const struct seccomp_call *const *calls,
                        size_t count, uint32_t default_action) {
    for (size_t i = 0, same = 0; i < count; i += same) {
        for (same = 1; i + same < count && calls[i + same]->number == calls[i]->number;)
            same++;
        if (calls[i]->number < 0 || !add_number(writer, &calls[i], same, default_action))
            return false;
    }
    (void)add(writer, BPF_RET | BPF_K, default_action);
    return true;
}

bool seccomp_arguments_program(const struct seccomp_table *table, uint32_t default_action,
                               bool wide, struct seccomp_section *section) {
    struct writer writer = {.wide = wide};
    const struct seccomp_call **calls =
        calloc(table->count + 1, sizeof(const struct seccomp_call *));
    size_t count = 0;
    if (calls == NULL)
        abort();
    for (size_t i = 0; i < table->count; i++) {
        if (table->items[i].for_libseccomp)
            calls[count++] = &table->items[i];
    }
    qsort(calls, count, sizeof(const struct seccomp_call *), stricter_first);
    const bool made = !table->shares && add_numbers(&writer, calls, count, default_action);
    free(calls);
    if (!made) {
        free(writer.items);
        return false;
    }
    free(section->program);
    section->program = writer.items;
    section->count = writer.count;
    return true;
}

#endif
