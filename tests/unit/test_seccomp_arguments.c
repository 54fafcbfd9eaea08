/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that compare arguments: thole's own against C's operators, and which of libseccomp's are
 * not to be trusted. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#ifdef HAVE_LIBSECCOMP
#include <seccomp.h>
#endif
#include "seccomp_reference.h"
#include "security/seccomp_arguments.h"
#include "security/seccomp_soundness.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define WORD(number) ((uint32_t)offsetof(struct seccomp_data, args) + 4U * (number))

#ifdef HAVE_LIBSECCOMP

enum { CALL = 39, OTHER = 40, DEFAULT = SECCOMP_RET_ERRNO | 7 };

static const uint64_t values[] = {0,           1,
                                  2,           0x7fffffff,
                                  0xffffffff,  0x100000000,
                                  0x100000001, 0xffffffff00000000,
                                  UINT64_MAX,  0x8000000080000000};
static const int operators[] = {SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_LT,       SCMP_CMP_LE,
                                SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_MASKED_EQ};

static bool holds(int op, uint64_t argument, uint64_t value, uint64_t second) {
    switch (op) {
    case SCMP_CMP_EQ:
        return argument == value;
    case SCMP_CMP_NE:
        return argument != value;
    case SCMP_CMP_LT:
        return argument < value;
    case SCMP_CMP_LE:
        return argument <= value;
    case SCMP_CMP_GE:
        return argument >= value;
    case SCMP_CMP_GT:
        return argument > value;
    default:
        return (argument & value) == (second & value);
    }
}

/* The answer to CALL with @arguments, of a program behind the load of the number. */
static uint32_t judge(const struct seccomp_section *section, int number,
                      const uint64_t *arguments) {
    struct seccomp_data data = {.nr = number};
    uint32_t answer = 0;
    struct sock_filter *program = calloc(section->count + 1, sizeof(*program));
    assert_non_null(program);
    program[0] = (struct sock_filter){BPF_LD | BPF_W | BPF_ABS, 0, 0,
                                      (uint32_t)offsetof(struct seccomp_data, nr)};
    memcpy(&program[1], section->program, section->count * sizeof(*program));
    memcpy(data.args, arguments, sizeof(data.args));
    assert_true(seccomp_reference_judge(program, section->count + 1, &data, &answer));
    free(program);
    return answer;
}

static struct seccomp_section compile(struct seccomp_call *calls, size_t count, bool wide) {
    struct seccomp_section section = {0};
    const struct seccomp_table table = {.items = calls, .count = count};
    for (size_t i = 0; i < count; i++)
        calls[i].for_libseccomp = true;
    assert_true(seccomp_arguments_program(&table, DEFAULT, wide, &section));
    assert_true(seccomp_program_is_sound(section.program, section.count));
    return section;
}

static void check_operator(int op, uint64_t value, uint64_t second, bool wide) {
    struct plan_seccomp_argument compare = {
        .index = 3, .op = op, .value = value, .value_two = second};
    const struct plan_seccomp_rule rule = {.arguments = &compare, .argument_count = 1};
    struct seccomp_call call = {.number = CALL, .rule = &rule, .action = SECCOMP_RET_LOG};
    struct seccomp_section section = compile(&call, 1, wide);
    const uint64_t kept = wide ? UINT64_MAX : UINT32_MAX;
    for (size_t i = 0; i < COUNT(values); i++) {
        const uint64_t arguments[6] = {9, 9, 9, values[i] & kept, 9, 9};
        const bool expected = holds(op, arguments[3], value & kept, second & kept);
        assert_int_equal(judge(&section, CALL, arguments), expected ? SECCOMP_RET_LOG : DEFAULT);
        assert_int_equal(judge(&section, OTHER, arguments), DEFAULT);
    }
    seccomp_section_done(&section);
}

static void test_operators_are_those_of_c(void **state) {
    (void)state;
    for (size_t op = 0; op < COUNT(operators); op++) {
        for (size_t i = 0; i < COUNT(values) * COUNT(values); i++) {
            check_operator(operators[op], values[i % COUNT(values)], values[i / COUNT(values)],
                           true);
            check_operator(operators[op], values[i % COUNT(values)], values[i / COUNT(values)],
                           false);
        }
    }
}

static void test_all_of_a_rule_or_any_of_one_argument(void **state) {
    (void)state;
    struct plan_seccomp_argument both[] = {{.index = 0, .op = SCMP_CMP_EQ, .value = 1},
                                           {.index = 1, .op = SCMP_CMP_EQ, .value = 2}};
    struct plan_seccomp_argument either[] = {{.index = 0, .op = SCMP_CMP_EQ, .value = 5},
                                             {.index = 0, .op = SCMP_CMP_EQ, .value = 6}};
    const struct plan_seccomp_rule rules[] = {{.arguments = both, .argument_count = 2},
                                              {.arguments = either, .argument_count = 2}};
    struct seccomp_call calls[] = {{.number = CALL, .rule = &rules[0], .action = SECCOMP_RET_ALLOW},
                                   {.number = CALL, .rule = &rules[1], .action = SECCOMP_RET_TRAP}};
    struct seccomp_section section = compile(calls, COUNT(calls), true);
    for (uint64_t first = 0; first < 8; first++) {
        for (uint64_t second = 0; second < 4; second++) {
            const uint64_t arguments[6] = {first, second};
            const uint32_t expected = first == 1 && second == 2  ? SECCOMP_RET_ALLOW
                                      : first == 5 || first == 6 ? SECCOMP_RET_TRAP
                                                                 : DEFAULT;
            assert_int_equal(judge(&section, CALL, arguments), expected);
        }
    }
    seccomp_section_done(&section);
}

static void test_the_strictest_rule_counts(void **state) {
    (void)state;
    static const uint32_t actions[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS,
                                       SECCOMP_RET_ERRNO | 1, SECCOMP_RET_KILL_THREAD};
    struct plan_seccomp_argument same = {.index = 0, .op = SCMP_CMP_EQ, .value = 1};
    const struct plan_seccomp_rule rule = {.arguments = &same, .argument_count = 1};
    for (size_t count = 1; count <= COUNT(actions); count++) {
        struct seccomp_call calls[COUNT(actions)];
        for (size_t i = 0; i < count; i++)
            calls[i] = (struct seccomp_call){.number = CALL, .rule = &rule, .action = actions[i]};
        struct seccomp_section section = compile(calls, count, true);
        const uint64_t arguments[6] = {1};
        assert_int_equal(judge(&section, CALL, arguments),
                         count == 1 ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS);
        seccomp_section_done(&section);
    }
}

static void test_calls_with_made_up_numbers_are_left_alone(void **state) {
    (void)state;
    const struct plan_seccomp_rule rule = {0};
    struct seccomp_call call = {.number = -101, .rule = &rule, .for_libseccomp = true};
    struct seccomp_table table = {.items = &call, .count = 1};
    struct seccomp_section section = {0};
    assert_false(seccomp_arguments_program(&table, DEFAULT, true, &section));
    call.number = CALL;
    table.shares = true;
    assert_false(seccomp_arguments_program(&table, DEFAULT, true, &section));
    assert_null(section.program);
}

#endif

/* The number 1 has its argument compared, 2 jumps behind the load. */
static void test_a_jump_behind_a_load_is_noticed(void **state) {
    (void)state;
    struct sock_filter program[] = {
        {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1},       {BPF_JMP | BPF_JEQ | BPF_K, 1, 2, 2},
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, WORD(0)},  {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 9},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_LOG}};
    assert_false(seccomp_program_is_sound(program, COUNT(program)));
    program[1].jt = 0; /* now 2 goes through the load as well */
    assert_true(seccomp_program_is_sound(program, COUNT(program)));
    program[1].jt = 1;
    program[3] = (struct sock_filter){BPF_JMP | BPF_JGE | BPF_K, 1, 0, 0}; /* whatever it is */
    assert_true(seccomp_program_is_sound(program, COUNT(program)));
    program[3].jt = 9; /* out of the program */
    assert_false(seccomp_program_is_sound(program, COUNT(program)));
    assert_false(seccomp_program_is_sound(program, 0));
}

/* The number 1 has a part of its argument compared, others all of it. */
static void test_a_jump_behind_a_mask_is_noticed(void **state) {
    (void)state;
    struct sock_filter program[] = {
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 1},       {BPF_LD | BPF_W | BPF_ABS, 0, 0, WORD(0)},
        {BPF_ALU | BPF_AND | BPF_K, 0, 0, 0xff},    {BPF_JMP | BPF_JA, 0, 0, 1},
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, WORD(0)},  {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 9},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}, {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_LOG}};
    assert_false(seccomp_program_is_sound(program, COUNT(program)));
    program[2].k = UINT32_MAX;
    assert_true(seccomp_program_is_sound(program, COUNT(program)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
#ifdef HAVE_LIBSECCOMP
        cmocka_unit_test(test_operators_are_those_of_c),
        cmocka_unit_test(test_all_of_a_rule_or_any_of_one_argument),
        cmocka_unit_test(test_the_strictest_rule_counts),
        cmocka_unit_test(test_calls_with_made_up_numbers_are_left_alone),
#endif
        cmocka_unit_test(test_a_jump_behind_a_load_is_noticed),
        cmocka_unit_test(test_a_jump_behind_a_mask_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
