/* SPDX-License-Identifier: Apache-2.0 */
/* libseccomp's own program of a profile, and an interpreter. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "seccomp_reference.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef HAVE_LIBSECCOMP
#include <seccomp.h>
#endif

#include "base/cleanup.h"

/* ---- the interpreter ---- */

static bool holds(const struct sock_filter *instruction, uint32_t value, bool *ret_known) {
    switch (instruction->code) {
    case BPF_JMP | BPF_JEQ | BPF_K:
        return value == instruction->k;
    case BPF_JMP | BPF_JGT | BPF_K:
        return value > instruction->k;
    case BPF_JMP | BPF_JGE | BPF_K:
        return value >= instruction->k;
    case BPF_JMP | BPF_JSET | BPF_K:
        return (value & instruction->k) != 0;
    default:
        *ret_known = false;
        return false;
    }
}

bool seccomp_reference_judge(const struct sock_filter *program, size_t count,
                             const struct seccomp_data *data, uint32_t *ret_answer) {
    uint32_t value = 0;
    bool known = true;
    for (size_t at = 0; at < count && known; at++) {
        const struct sock_filter *instruction = &program[at];
        switch (instruction->code) {
        case BPF_LD | BPF_W | BPF_ABS:
            if (instruction->k % sizeof(value) != 0 || instruction->k >= sizeof(*data))
                return false;
            memcpy(&value, (const char *)data + instruction->k, sizeof(value));
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            value &= instruction->k;
            break;
        case BPF_JMP | BPF_JA:
            at += instruction->k;
            break;
        case BPF_RET | BPF_K:
            *ret_answer = instruction->k;
            return true;
        default:
            at += holds(instruction, value, &known) ? instruction->jt : instruction->jf;
        }
    }
    return false;
}

/* ---- libseccomp alone ---- */

#ifdef HAVE_LIBSECCOMP

enum { ARGUMENTS_MOST = 6 };

uint32_t seccomp_reference_architecture(const char *name) {
    char word[32];
    (void)snprintf(word, sizeof(word), "%s", name + strlen("SCMP_ARCH_"));
    for (char *at = word; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    return seccomp_arch_resolve_name(word);
}

static uint32_t word_of(int action, uint32_t data) {
    if (action == SECCOMP_RET_ERRNO)
        return SCMP_ACT_ERRNO(data);
    return action == SECCOMP_RET_TRACE ? SCMP_ACT_TRACE(data) : (uint32_t)action;
}

static struct scmp_arg_cmp comparison(const struct plan_seccomp_argument *argument) {
    return (struct scmp_arg_cmp){.arg = argument->index,
                                 .op = (enum scmp_compare)argument->op,
                                 .datum_a = argument->value,
                                 .datum_b = argument->value_two};
}

/* libseccomp takes one comparison for each argument: two of one argument are alternatives. */
static bool has_alternatives(const struct plan_seccomp_rule *rule) {
    for (size_t i = 0; i < rule->argument_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (rule->arguments[i].index == rule->arguments[j].index)
                return true;
        }
    }
    return false;
}

static int add_call(scmp_filter_ctx context, const struct plan_seccomp_rule *rule, uint32_t action,
                    int number) {
    struct scmp_arg_cmp all[ARGUMENTS_MOST];
    if (!has_alternatives(rule)) {
        for (size_t i = 0; i < rule->argument_count; i++)
            all[i] = comparison(&rule->arguments[i]);
        return seccomp_rule_add_array(context, action, number, (unsigned)rule->argument_count, all);
    }
    int result = 0;
    for (size_t i = 0; i < rule->argument_count && result == 0; i++) {
        all[0] = comparison(&rule->arguments[i]);
        result = seccomp_rule_add_array(context, action, number, 1, all);
    }
    return result;
}

static int add_rule(scmp_filter_ctx context, const struct plan_seccomp_rule *rule,
                    uint32_t default_action) {
    const uint32_t action = word_of(rule->action, rule->errno_ret);
    for (size_t i = 0; i < rule->names.count && action != default_action; i++) {
        int number = seccomp_syscall_resolve_name(rule->names.items[i]);
        if (number != __NR_SCMP_ERROR && add_call(context, rule, action, number) < 0)
            return -1;
    }
    return 0;
}

/* Asked for first, the number is loaded for all behind it: where libseccomp begins with a call that
 * an architecture does not have, it compares the others with what was loaded before. */
static void put_first(scmp_filter_ctx context, const struct plan_seccomp_rule *rule,
                      uint32_t default_action) {
    int number = seccomp_syscall_resolve_name(rule->names.items[0]);
    if (number >= 0 && rule->argument_count == 0 &&
        word_of(rule->action, rule->errno_ret) != default_action)
        (void)seccomp_syscall_priority(context, number, UINT8_MAX);
}

static int add_everything(scmp_filter_ctx context, const struct plan_seccomp *plan) {
    const uint32_t default_action = word_of(plan->default_action, plan->default_errno_ret);
    for (size_t i = 0; i < plan->architectures.count; i++) {
        const uint32_t token = seccomp_reference_architecture(plan->architectures.items[i]);
        if (token == 0 || seccomp_arch_exist(context, token) == 0)
            continue;
        if (seccomp_arch_add(context, token) < 0)
            return -1;
    }
    for (size_t i = 0; i < plan->rule_count; i++) {
        if (add_rule(context, &plan->rules[i], default_action) < 0)
            return -1;
    }
    if (plan->rule_count > 0)
        put_first(context, &plan->rules[0], default_action);
    return 0;
}

static int export_program(scmp_filter_ctx context, struct seccomp_filter *ret_filter) {
    struct stat status;
    cleanup_close int fd = memfd_create("plain", MFD_CLOEXEC);
    if (fd < 0 || seccomp_export_bpf(context, fd) < 0 || fstat(fd, &status) < 0)
        return -1;
    const size_t size = (size_t)status.st_size;
    ret_filter->count = size / sizeof(struct sock_filter);
    ret_filter->instructions = calloc(ret_filter->count, sizeof(struct sock_filter));
    if (ret_filter->instructions == NULL ||
        pread(fd, ret_filter->instructions, size, 0) != status.st_size)
        return -1;
    return 0;
}

int seccomp_reference_compile(const struct plan_seccomp *plan, struct seccomp_filter *ret_filter) {
    scmp_filter_ctx context = seccomp_init(word_of(plan->default_action, plan->default_errno_ret));
    if (context == NULL)
        return -1;
    int result = add_everything(context, plan);
    if (result == 0)
        result = export_program(context, ret_filter);
    seccomp_release(context);
    return result;
}

#endif
