/* SPDX-License-Identifier: Apache-2.0 */
/* Joined seccomp programs, judged by a small interpreter of what they consist of. */
#include "security/seccomp_sections.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { X32_BIT = 0x40000000, LONG_PROGRAM = 600, FOREIGN = SECCOMP_RET_KILL_PROCESS };

static bool holds(const struct sock_filter *instruction, uint32_t value) {
    switch (BPF_OP(instruction->code)) {
    case BPF_JEQ:
        return value == instruction->k;
    case BPF_JGT:
        return value > instruction->k;
    case BPF_JGE:
        return value >= instruction->k;
    default:
        fail_msg("jump %#x", instruction->code);
    }
    return false;
}

static uint32_t judge(const struct sock_filter *program, size_t count, uint32_t architecture,
                      uint32_t number) {
    const struct seccomp_data data = {.nr = (int)number, .arch = architecture};
    uint32_t value = 0;
    for (size_t at = 0; at < count; at++) {
        const struct sock_filter *instruction = &program[at];
        switch (BPF_CLASS(instruction->code)) {
        case BPF_LD:
            memcpy(&value, (const char *)&data + instruction->k, sizeof(value));
            break;
        case BPF_JMP:
            if (BPF_OP(instruction->code) == BPF_JA)
                at += instruction->k;
            else
                at += holds(instruction, value) ? instruction->jt : instruction->jf;
            break;
        case BPF_RET:
            return instruction->k;
        default:
            fail_msg("instruction %#x", instruction->code);
        }
    }
    fail_msg("the end of the program is reached");
    return 0;
}

/* FOREIGN for other architectures, else @answer; longer than a conditional jump is wide. */
static struct seccomp_section section(uint32_t architecture, uint32_t answer) {
    struct seccomp_section made = {.audit_architecture = architecture,
                                   .last = UINT32_MAX,
                                   .newest = UINT32_MAX,
                                   .program = calloc(LONG_PROGRAM, sizeof(struct sock_filter)),
                                   .count = LONG_PROGRAM};
    assert_non_null(made.program);
    const struct sock_filter check[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, FOREIGN),
    };
    memcpy(made.program, check, sizeof(check));
    for (size_t i = sizeof(check) / sizeof(check[0]); i < LONG_PROGRAM; i++)
        made.program[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, answer);
    return made;
}

static void test_each_call_meets_its_own_program(void **state) {
    (void)state;
    struct seccomp_section sections[] = {
        section(AUDIT_ARCH_X86_64, SECCOMP_RET_ERRNO | 1),
        section(AUDIT_ARCH_X86_64, SECCOMP_RET_ERRNO | 2),
        section(AUDIT_ARCH_I386, SECCOMP_RET_ERRNO | 3),
    };
    sections[0].last = X32_BIT - 1;
    sections[0].newest = 300;
    sections[1].first = X32_BIT;
    sections[1].newest = X32_BIT + 400;
    static const struct {
        uint32_t architecture;
        uint32_t number;
        uint32_t answer;
    } cases[] = {
        {AUDIT_ARCH_X86_64, 0, SECCOMP_RET_ERRNO | 1},
        {AUDIT_ARCH_X86_64, 300, SECCOMP_RET_ERRNO | 1},
        {AUDIT_ARCH_X86_64, 301, SECCOMP_RET_ERRNO | ENOSYS},
        {AUDIT_ARCH_X86_64, X32_BIT - 1, SECCOMP_RET_ERRNO | ENOSYS},
        {AUDIT_ARCH_X86_64, X32_BIT, SECCOMP_RET_ERRNO | 2},
        {AUDIT_ARCH_X86_64, X32_BIT + 400, SECCOMP_RET_ERRNO | 2},
        {AUDIT_ARCH_X86_64, X32_BIT + 401, SECCOMP_RET_ERRNO | ENOSYS},
        {AUDIT_ARCH_X86_64, UINT32_MAX, SECCOMP_RET_ERRNO | ENOSYS},
        {AUDIT_ARCH_I386, 0, SECCOMP_RET_ERRNO | 3},
        {AUDIT_ARCH_I386, 301, SECCOMP_RET_ERRNO | 3},
        {AUDIT_ARCH_I386, UINT32_MAX, SECCOMP_RET_ERRNO | 3},
        {AUDIT_ARCH_AARCH64, 0, FOREIGN},
        {AUDIT_ARCH_AARCH64, UINT32_MAX, FOREIGN},
    };
    const size_t count = seccomp_sections_length(sections, 3);
    struct sock_filter *joined = calloc(count, sizeof(*joined));
    assert_non_null(joined);
    seccomp_sections_join(sections, 3, joined);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (judge(joined, count, cases[i].architecture, cases[i].number) != cases[i].answer)
            fail_msg("case %zu", i);
    }
    free(joined);
    seccomp_sections_done(sections, 3);
}

static void test_a_single_program_keeps_its_own_answers(void **state) {
    (void)state;
    struct seccomp_section only = section(AUDIT_ARCH_I386, SECCOMP_RET_ALLOW);
    const size_t count = seccomp_sections_length(&only, 1);
    struct sock_filter *joined = calloc(count, sizeof(*joined));
    assert_non_null(joined);
    seccomp_sections_join(&only, 1, joined);
    assert_int_equal(judge(joined, count, AUDIT_ARCH_I386, 7), SECCOMP_RET_ALLOW);
    assert_int_equal(judge(joined, count, AUDIT_ARCH_X86_64, 7), FOREIGN);
    free(joined);
    seccomp_sections_done(&only, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_meets_its_own_program),
        cmocka_unit_test(test_a_single_program_keeps_its_own_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
