/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile says of each system call of one architecture. Most calls get one answer whatever
 * their arguments are: those become intervals of numbers, which take a fraction of the instructions
 * that libseccomp makes of as many rules. The others are left to libseccomp. Private to this
 * folder.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plan/plan.h"

/** One name of one rule, on one architecture. */
struct seccomp_call {
    int64_t number; /* on this architecture; negative ones libseccomp has made up */
    int native;     /* its number on the native architecture, as libseccomp wants it */
    const char *name;
    const struct plan_seccomp_rule *rule;
    uint32_t action;     /* SECCOMP_RET_* */
    bool for_libseccomp; /* set by seccomp_table_settle() */
};

/** The calls in the order of their rules; @items is malloc'ed. */
struct seccomp_table {
    struct seccomp_call *items;
    size_t count;
    size_t capacity;
    bool shares; /* has calls that share a number, each of which may have one of its own as well */
};

/** Numbers from .first to that of the next interval. */
struct seccomp_interval {
    uint32_t first;
    uint32_t answer; /* SECCOMP_RET_*, unless libseccomp's program has to tell */
    bool by_program;
};

/** Ascending and without gaps; @items is malloc'ed. */
struct seccomp_intervals {
    struct seccomp_interval *items;
    size_t count;
};

/** True for a rule that compares one argument twice: any of its comparisons will do then, since
 * libseccomp takes one for each. */
bool seccomp_rule_has_alternatives(const struct plan_seccomp_rule *rule);

void seccomp_table_done(struct seccomp_table *table);

/** -1: no memory. */
int seccomp_table_add(struct seccomp_table *table, const struct seccomp_call *call);

/**
 * Decides which calls are left to libseccomp: those with arguments to compare, with rules that
 * disagree, and calls that share one number as the socket and IPC calls of some architectures do,
 * with the numbers they share: @shared (ascending, @shared_count of them).
 */
int seccomp_table_settle(struct seccomp_table *table, const int64_t *shared, size_t shared_count);

/**
 * The answers to all numbers from @first on: @default_action where no rule says another one, and
 * @newer_action above @newest. -1: no memory.
 */
int seccomp_table_intervals(const struct seccomp_table *table, uint32_t first, uint32_t newest,
                            uint32_t default_action, uint32_t newer_action,
                            struct seccomp_intervals *ret_intervals);
