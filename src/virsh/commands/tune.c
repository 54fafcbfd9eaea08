/* SPDX-License-Identifier: Apache-2.0 */
/* setmem, memtune, schedinfo and blkiotune. */
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "virsh/commands/commands.h"
#include "virsh/commands/tunable.h"
#include "virsh/xml/values.h"

enum { KIB = 1024, LABEL_WIDTH = 15, CHANGES_MAX = 4 };

static const struct virsh_tunable current_memory = {
    "currentMemory", VIRSH_TUNABLE_KIB, "currentMemory",         "memory",
    "memory",        "limit",           "memory.limit_in_bytes", "memory.max"};
static const struct virsh_tunable memory[] = {
    {"hard_limit", VIRSH_TUNABLE_KIB, "memtune/hard_limit", "currentMemory", "memory", "limit",
     "memory.limit_in_bytes", "memory.max"},
    {"soft_limit", VIRSH_TUNABLE_KIB, "memtune/soft_limit", "currentMemory", "memory",
     "reservation", "memory.soft_limit_in_bytes", "memory.low"},
    {"swap_hard_limit", VIRSH_TUNABLE_KIB, "memtune/swap_hard_limit", "currentMemory", "memory",
     "swap", "memory.memsw.limit_in_bytes", "memory.swap.max"},
    {0},
};
static const struct virsh_tunable processors[] = {
    {"cpu_shares", VIRSH_TUNABLE_SHARES, "cputune/shares", "vcpu", "cpu", "shares", "cpu.shares",
     "cpu.weight"},
    {"vcpu_period", VIRSH_TUNABLE_PERIOD, "cputune/period", "vcpu", "cpu", "period",
     "cpu.cfs_period_us", "cpu.max"},
    {"vcpu_quota", VIRSH_TUNABLE_QUOTA, "cputune/quota", "vcpu", "cpu", "quota", "cpu.cfs_quota_us",
     "cpu.max"},
    {0},
};
static const struct virsh_tunable block_weight = {
    "weight", VIRSH_TUNABLE_NUMBER, "blkiotune/weight", "memory", "blockIO",
    "weight", "blkio.weight",       "io.bfq.weight"};

/* "512M", "1048576"; KiB without a unit. -1 means no limit, where that is allowed. */
static int read_size(const char *option, const char *word, bool unlimited, int64_t *ret_kib,
                     struct thole_error *err) {
    const size_t digits = strspn(word, "0123456789");
    cleanup_free char *number = strndup(word, digits);
    const uint64_t factor = virsh_value_unit(word[digits] != '\0' ? word + digits : NULL);
    uint64_t value = 0;
    *ret_kib = VIRSH_UNLIMITED;
    if (unlimited && strcmp(word, "-1") == 0)
        return 0;
    if (factor == 0 || !text_parse_uint(number, INT64_MAX / factor, &value))
        return error_usage(err,
                           "Scaled numeric value '%s' for <--%s> option is malformed or out "
                           "of range",
                           word, option);
    *ret_kib = (int64_t)((value * factor + KIB - 1) / KIB);
    return 0;
}

static void append_value(struct text *text, const struct virsh_tunable *tunable, int64_t value) {
    if (tunable->kind == VIRSH_TUNABLE_KIB && value == VIRSH_UNLIMITED)
        text_appendf(text, "%-*s: unlimited\n", LABEL_WIDTH, tunable->name);
    else
        text_appendf(text, "%-*s: %" PRId64 "\n", LABEL_WIDTH, tunable->name, value);
}

static int append_table(const struct virsh_domain *domain, const struct virsh_affect *affect,
                        const struct virsh_tunable *table, struct text *text,
                        struct thole_error *err) {
    for (const struct virsh_tunable *tunable = table; tunable->name != NULL; tunable++) {
        int64_t value = 0;
        if (virsh_tunable_read(domain, affect, tunable, &value, err) < 0)
            return -1;
        append_value(text, tunable, value);
    }
    return 0;
}

/* ---- setmem ---- */

struct setmem_options {
    const char *domain;
    const char *size;
    struct virsh_affect affect;
};

static const struct option_row setmem_rows[] = {
    VIRSH_DOMAIN_OPTION(setmem_options, domain),
    {"size", 0, OPTION_STRING, offsetof(struct setmem_options, size), "SIZE",
     "new memory size, as scaled integer (default KiB)", NULL, true},
    VIRSH_AFFECT_OPTIONS(offsetof(struct setmem_options, affect)),
    {0},
};
static const char *const setmem_operands[] = {"domain", "size", NULL};

static int run_setmem(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct setmem_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    struct virsh_change change = {.tunable = &current_memory};
    (void)ret_status;
    if (read_size("size", options->size, false, &change.value, err) < 0 ||
        virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    return virsh_tunables_change(&domain, &options->affect, &change, 1, err);
}

const struct virsh_command virsh_command_setmem = {
    .name = "setmem",
    .summary = "change memory allocation",
    .options = setmem_rows,
    .options_size = sizeof(struct setmem_options),
    .operands = setmem_operands,
    .required = 2,
    .run = run_setmem,
};

/* ---- memtune ---- */

struct memtune_options {
    const char *domain;
    const char *limits[3]; /* as the table has them */
    struct virsh_affect affect;
};

static const struct option_row memtune_rows[] = {
    VIRSH_DOMAIN_OPTION(memtune_options, domain),
    {"hard-limit", 0, OPTION_STRING, offsetof(struct memtune_options, limits[0]), "SIZE",
     "max memory, as scaled integer (default KiB), -1: none"},
    {"soft-limit", 0, OPTION_STRING, offsetof(struct memtune_options, limits[1]), "SIZE",
     "memory during contention, as scaled integer (default KiB)"},
    {"swap-hard-limit", 0, OPTION_STRING, offsetof(struct memtune_options, limits[2]), "SIZE",
     "max memory plus swap, as scaled integer (default KiB)"},
    VIRSH_AFFECT_OPTIONS(offsetof(struct memtune_options, affect)),
    {0},
};
static const char *const memtune_operands[] = {"domain", "hard-limit", "soft-limit",
                                               "swap-hard-limit", NULL};

static int run_memtune(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct memtune_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    cleanup_text struct text text = {0};
    struct virsh_change changes[CHANGES_MAX];
    size_t count = 0;
    (void)ret_status;
    for (size_t i = 0; memory[i].name != NULL; i++) {
        if (options->limits[i] == NULL)
            continue;
        changes[count].tunable = &memory[i];
        if (read_size(memory[i].name, options->limits[i], true, &changes[count++].value, err) < 0)
            return -1;
    }
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    if (count > 0)
        return virsh_tunables_change(&domain, &options->affect, changes, count, err);
    if (append_table(&domain, &options->affect, memory, &text, err) < 0)
        return -1;
    return virsh_answer(call, text.data, err);
}

const struct virsh_command virsh_command_memtune = {
    .name = "memtune",
    .summary = "Get or set memory parameters",
    .options = memtune_rows,
    .options_size = sizeof(struct memtune_options),
    .operands = memtune_operands,
    .required = 1,
    .run = run_memtune,
};

/* ---- schedinfo ---- */

struct schedinfo_options {
    const char *domain;
    struct option_strings set;
    struct virsh_affect affect;
};

static const struct option_row schedinfo_rows[] = {
    VIRSH_DOMAIN_OPTION(schedinfo_options, domain),
    {"set", 0, OPTION_STRINGS, offsetof(struct schedinfo_options, set), "NAME=VALUE",
     "cpu_shares, vcpu_period or vcpu_quota"},
    VIRSH_AFFECT_OPTIONS(offsetof(struct schedinfo_options, affect)),
    {0},
};

static int read_parameter(const char *word, struct virsh_change *change, struct thole_error *err) {
    const size_t length = strcspn(word, "=");
    for (const struct virsh_tunable *tunable = processors; tunable->name != NULL; tunable++) {
        if (strlen(tunable->name) != length || strncmp(tunable->name, word, length) != 0)
            continue;
        change->tunable = tunable;
        if (word[length] == '=' && text_parse_int(word + length + 1, -1, INT64_MAX, &change->value))
            return 0;
        return error_usage(err, "invalid scheduler option: %s", word);
    }
    return error_usage(err, "invalid scheduler option: %s", word);
}

static int run_schedinfo(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct schedinfo_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    cleanup_text struct text text = {0};
    struct virsh_change changes[CHANGES_MAX];
    size_t count = 0;
    (void)ret_status;
    for (; count < options->set.count; count++) {
        if (count == CHANGES_MAX)
            return error_usage(err, "option --set: there are three parameters");
        if (read_parameter(options->set.items[count], &changes[count], err) < 0)
            return -1;
    }
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0 ||
        (count > 0 && virsh_tunables_change(&domain, &options->affect, changes, count, err) < 0))
        return -1;
    text_appendf(&text, "%-*s: posix\n", LABEL_WIDTH, "Scheduler");
    if (append_table(&domain, &options->affect, processors, &text, err) < 0)
        return -1;
    return virsh_answer(call, text.data, err);
}

const struct virsh_command virsh_command_schedinfo = {
    .name = "schedinfo",
    .summary = "show/set scheduler parameters",
    .options = schedinfo_rows,
    .options_size = sizeof(struct schedinfo_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_schedinfo,
};

/* ---- blkiotune ---- */

struct blkiotune_options {
    const char *domain;
    const char *weight;
    struct virsh_affect affect;
};

static const struct option_row blkiotune_rows[] = {
    VIRSH_DOMAIN_OPTION(blkiotune_options, domain),
    {"weight", 0, OPTION_STRING, offsetof(struct blkiotune_options, weight), "NUMBER",
     "IO Weight, 10 to 1000"},
    VIRSH_AFFECT_OPTIONS(offsetof(struct blkiotune_options, affect)),
    {0},
};

static int run_blkiotune(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct blkiotune_options *options = call->options;
    cleanup_virsh_domain struct virsh_domain domain = {0};
    cleanup_text struct text text = {0};
    struct virsh_change change = {.tunable = &block_weight};
    (void)ret_status;
    if (options->weight != NULL && !text_parse_int(options->weight, 10, 1000, &change.value))
        return error_usage(err, "Invalid value of %s for I/O weight", options->weight);
    if (virsh_domain_find(call->place, options->domain, &call->log, &domain, err) < 0)
        return -1;
    if (options->weight != NULL)
        return virsh_tunables_change(&domain, &options->affect, &change, 1, err);
    if (virsh_tunable_read(&domain, &options->affect, &block_weight, &change.value, err) < 0)
        return -1;
    append_value(&text, &block_weight, change.value);
    return virsh_answer(call, text.data, err);
}

const struct virsh_command virsh_command_blkiotune = {
    .name = "blkiotune",
    .summary = "Get or set blkio parameters",
    .options = blkiotune_rows,
    .options_size = sizeof(struct blkiotune_options),
    .operands = virsh_operand_domain,
    .required = 1,
    .run = run_blkiotune,
};
