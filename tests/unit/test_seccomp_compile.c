/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters beside libseccomp's own of the same rules, judged by a small interpreter. */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <endian.h>
#include <errno.h>
#include <linux/audit.h>
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
#include "base/cleanup.h"
#include "base/names.h"
#include "cmocka_range.h"
#include "libseccomp_leaks.h"
#include "seccomp_reference.h"
#include "security/seccomp_compile.h"
#include "security/seccomp_filter.h"
#include "security/seccomp_sections.h"
#include "security/seccomp_soundness.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define X32_BIT 0x40000000U

enum { FOREIGN = SECCOMP_RET_KILL_THREAD, NUMBERS = 480 };

static uint32_t judge(const struct sock_filter *program, size_t count,
                      const struct seccomp_data *data) {
    uint32_t answer = 0;
    if (!seccomp_reference_judge(program, count, data, &answer))
        fail_msg("the program is not one that the kernel takes");
    return answer;
}

static uint32_t answer(const struct sock_filter *program, size_t count, uint32_t architecture,
                       uint32_t number) {
    const struct seccomp_data data = {.nr = (int)number, .arch = architecture};
    return judge(program, count, &data);
}

/* ---- sections ---- */

/* Every second number has another answer; 7 is left to a program. */
static struct seccomp_section alternating(uint32_t architecture, uint32_t first, uint32_t last,
                                          size_t intervals, uint32_t by_program) {
    struct seccomp_section section = {.audit_architecture = architecture,
                                      .first = first,
                                      .last = last,
                                      .program = calloc(1, sizeof(struct sock_filter)),
                                      .count = 1};
    section.intervals.items = calloc(intervals, sizeof(struct seccomp_interval));
    section.intervals.count = intervals;
    assert_non_null(section.program);
    assert_non_null(section.intervals.items);
    section.program[0] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, by_program);
    for (size_t i = 0; i < intervals; i++)
        section.intervals.items[i] = (struct seccomp_interval){
            .first = first + (uint32_t)i, .answer = (uint32_t)(i % 2), .by_program = i == 7};
    return section;
}

/* More intervals than a conditional jump is wide. */
static void test_each_call_meets_its_own_section(void **state) {
    (void)state;
    enum { MANY = 700, FEW = 9 };
    struct seccomp_section sections[] = {
        alternating(AUDIT_ARCH_X86_64, 0, X32_BIT - 1, MANY, 11),
        alternating(AUDIT_ARCH_X86_64, X32_BIT, UINT32_MAX, FEW, 12),
        alternating(AUDIT_ARCH_I386, 0, UINT32_MAX, 1, 13),
    };
    const size_t count = seccomp_sections_length(sections, COUNT(sections));
    struct sock_filter *joined = calloc(count, sizeof(*joined));
    assert_non_null(joined);
    seccomp_sections_join(sections, COUNT(sections), 99, joined);
    for (uint32_t number = 0; number < MANY + 10; number++) {
        uint32_t expected = number >= MANY ? 1 : number == 7 ? 11 : number % 2;
        assert_int_equal(answer(joined, count, AUDIT_ARCH_X86_64, number), expected);
        expected = number >= FEW ? 0 : number == 7 ? 12 : number % 2;
        assert_int_equal(answer(joined, count, AUDIT_ARCH_X86_64, X32_BIT + number), expected);
        assert_int_equal(answer(joined, count, AUDIT_ARCH_I386, number), 0);
        assert_int_equal(answer(joined, count, AUDIT_ARCH_AARCH64, number), 99);
    }
    assert_int_equal(answer(joined, count, AUDIT_ARCH_X86_64, X32_BIT - 1), 1);
    assert_int_equal(answer(joined, count, AUDIT_ARCH_X86_64, UINT32_MAX - 1), 0);
    assert_int_equal(answer(joined, count, AUDIT_ARCH_X86_64, SECCOMP_NO_CALL), 1);
    free(joined);
    for (size_t i = 0; i < COUNT(sections); i++)
        seccomp_section_done(&sections[i]);
}

/* ---- random profiles ---- */

#ifdef HAVE_LIBSECCOMP

enum { PROFILES = 150, RULES_MOST = 8, NAMES_MOST = 24, ARGUMENTS_MOST = 2 };

struct profile {
    struct plan_seccomp plan;
    struct plan_seccomp_rule rules[RULES_MOST];
    struct plan_seccomp_argument arguments[RULES_MOST][ARGUMENTS_MOST];
    char *names[RULES_MOST][NAMES_MOST];
    char *architectures[3];
};

static char *known[2 * NUMBERS];
static size_t known_count;

/* Each architecture has it, with one number: the rule that the reference wants first. */
static char everywhere[] = "getpid";

/* A fixed sequence, so that a failure can be looked at again. */
static unsigned draw(uint64_t *seed, unsigned below) {
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*seed >> 33) % below;
}

/* The names of two architectures, those that share a number among them. */
static void learn_names(void) {
    static const uint32_t tokens[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86};
    for (size_t i = 0; i < COUNT(tokens); i++) {
        for (int number = 0; number < NUMBERS; number++) {
            char *name = seccomp_syscall_resolve_num_arch(tokens[i], number);
            if (name != NULL && strcmp(name, everywhere) != 0)
                known[known_count++] = name;
            else
                free(name);
        }
    }
    assert_uint_in_range(known_count, 600, COUNT(known));
}

static void draw_rule(struct profile *profile, size_t index, uint64_t *seed) {
    static const uint32_t actions[] = {SCMP_ACT_ALLOW, SECCOMP_RET_ERRNO, SCMP_ACT_LOG,
                                       SCMP_ACT_KILL_PROCESS};
    static const int operators[] = {SCMP_CMP_EQ, SCMP_CMP_NE, SCMP_CMP_LT, SCMP_CMP_GE,
                                    SCMP_CMP_MASKED_EQ};
    struct plan_seccomp_rule *rule = &profile->rules[index];
    *rule = (struct plan_seccomp_rule){
        .action = (int)actions[draw(seed, COUNT(actions))],
        .errno_ret = 1 + draw(seed, 2),
        .names = {.items = profile->names[index], .count = 1 + draw(seed, NAMES_MOST)},
        .arguments = profile->arguments[index],
        .argument_count = draw(seed, 3) == 0 ? 1 + draw(seed, ARGUMENTS_MOST) : 0,
        .where = "/linux/seccomp/syscalls",
    };
    for (size_t i = 0; i < rule->names.count; i++)
        profile->names[index][i] = known[draw(seed, (unsigned)known_count)];
    for (size_t i = 0; i < rule->argument_count; i++)
        profile->arguments[index][i] = (struct plan_seccomp_argument){
            .index = (unsigned)i * 2 + draw(seed, 2),
            .value = draw(seed, 4),
            .value_two = draw(seed, 4),
            .op = operators[draw(seed, COUNT(operators))],
        };
}

static void draw_profile(struct profile *profile, uint64_t *seed) {
    static const char *const architectures[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
                                                "SCMP_ARCH_X32"};
    static const int defaults[] = {SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO, SECCOMP_RET_KILL_THREAD};
    profile->plan = (struct plan_seccomp){
        .default_action = defaults[draw(seed, COUNT(defaults))],
        .default_errno_ret = EACCES, /* with EPERM newer calls would get ENOSYS */
        .architectures = {.items = profile->architectures, .count = draw(seed, 4)},
        .rules = profile->rules,
        .rule_count = 2 + draw(seed, RULES_MOST - 1),
        .where = "/linux/seccomp",
    };
    for (size_t i = 0; i < profile->plan.architectures.count; i++)
        profile->architectures[i] = (char *)(uintptr_t)architectures[i];
    profile->names[0][0] = everywhere;
    profile->rules[0] = (struct plan_seccomp_rule){
        .action = (int)SECCOMP_RET_LOG,
        .names = {.items = profile->names[0], .count = 1},
        .where = "/linux/seccomp/syscalls/0",
    };
    for (size_t i = 1; i < profile->plan.rule_count; i++)
        draw_rule(profile, i, seed);
}

static void compare(const struct seccomp_filter *mine, const struct seccomp_filter *plain,
                    unsigned profile, uint64_t *seed) {
    static const uint32_t architectures[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
                                             AUDIT_ARCH_AARCH64};
    for (size_t i = 0; i < COUNT(architectures) * 2 * NUMBERS; i++) {
        uint32_t number = (uint32_t)(i % NUMBERS) | (i / NUMBERS % 2 != 0 ? X32_BIT : 0);
        struct seccomp_data data = {.nr = (int)number, .arch = architectures[i / NUMBERS / 2]};
        for (size_t argument = 0; argument < COUNT(data.args); argument++)
            data.args[argument] = draw(seed, 22);
        uint32_t own = judge(mine->instructions, mine->count, &data);
        uint32_t expected = judge(plain->instructions, plain->count, &data);
        if (own != expected)
            fail_msg("profile %u: architecture %#x, number %#x: %#x instead of %#x", profile,
                     data.arch, number, own, expected);
    }
}

/* What libseccomp gets wrong, other profiles in each release, is no measure. */
static bool is_mistaken(const struct seccomp_filter *plain, const char *refusal) {
    return strstr(refusal, "takes one argument for another") != NULL ||
           (plain->count > 0 && !seccomp_program_is_sound(plain->instructions, plain->count));
}

static void test_answers_are_those_of_libseccomp(void **state) {
    (void)state;
    static struct profile profile;
    static const struct thole_log silent = {0};
    uint64_t seed = 20261122;
    unsigned compared = 0;
    if (seccomp_arch_native() != SCMP_ARCH_X86_64) {
        print_message("skipped: needs x86-64\n");
        skip();
    }
    learn_names();
    for (unsigned number = 0; number < PROFILES; number++) {
        cleanup_seccomp_filter struct seccomp_filter mine = {0};
        cleanup_seccomp_filter struct seccomp_filter plain = {0};
        struct thole_error err = {0};
        draw_profile(&profile, &seed);
        int expected = seccomp_reference_compile(&profile.plan, &plain);
        int result = seccomp_compile(&profile.plan, &silent, &mine, &err);
        if (is_mistaken(&plain, result < 0 ? err.text : ""))
            continue;
        if (result != expected)
            fail_msg("profile %u: %s", number, result < 0 ? err.text : "was not refused");
        if (result == 0) {
            compare(&mine, &plain, number, &seed);
            compared++;
        }
    }
    print_message("%u of %u profiles compared\n", compared, PROFILES);
    assert_uint_in_range(compared, PROFILES / 3, PROFILES);
    for (size_t i = 0; i < known_count; i++)
        free(known[i]);
}

/* libseccomp does not load the number where the first of its calls is none of the architecture. */
static void test_number_is_compared_behind_a_call_that_there_is_not(void **state) {
    (void)state;
    static const struct thole_log silent = {0};
    if (__BYTE_ORDER == __BIG_ENDIAN) {
        print_message("skipped: libseccomp does not mix byte orders\n");
        skip();
    }
    struct plan_seccomp_argument either[] = {{.index = 4, .value = 0, .op = SCMP_CMP_GE},
                                             {.index = 4, .value = 1, .op = SCMP_CMP_LT}};
    static char words[][20] = {"fanotify_mark", "recv", "SCMP_ARCH_X86_64", "SCMP_ARCH_X86",
                               "SCMP_ARCH_AARCH64"};
    char *names[] = {words[0], words[1]};
    char *architectures[] = {words[2], words[3], words[4]};
    struct plan_seccomp_rule rules[] = {
        {.names = {.items = &names[0], .count = 1},
         .action = SECCOMP_RET_LOG,
         .arguments = either,
         .argument_count = 2},
        {.names = {.items = &names[1], .count = 1},
         .action = SECCOMP_RET_LOG,
         .arguments = either,
         .argument_count = 1},
    };
    const struct plan_seccomp plan = {
        .default_action = (int)SECCOMP_RET_KILL_PROCESS,
        .architectures = {.items = architectures, .count = COUNT(architectures)},
        .rules = rules,
        .rule_count = COUNT(rules),
    };
    cleanup_seccomp_filter struct seccomp_filter filter = {0};
    struct thole_error err = {0};
    assert_int_equal(seccomp_compile(&plan, &silent, &filter, &err), 0);
    for (size_t i = 0; i < COUNT(architectures); i++) {
        const uint32_t token = seccomp_reference_architecture(architectures[i]);
        const int number = seccomp_syscall_resolve_name_arch(token, names[0]);
        assert_int_equal(answer(filter.instructions, filter.count, token, (uint32_t)number),
                         SECCOMP_RET_LOG);
        assert_int_equal(answer(filter.instructions, filter.count, token, (uint32_t)number + 1),
                         SECCOMP_RET_KILL_PROCESS);
    }
}

static void test_words_stand_for_what_they_do_there(void **state) {
    (void)state;
    assert_int_equal(names_find(names_seccomp_actions, "SCMP_ACT_KILL_PROCESS")->value,
                     (int)SCMP_ACT_KILL_PROCESS);
    assert_int_equal(names_find(names_seccomp_actions, "SCMP_ACT_KILL")->value, SCMP_ACT_KILL);
    assert_int_equal(names_find(names_seccomp_actions, "SCMP_ACT_TRACE")->value, SCMP_ACT_TRACE(0));
    assert_int_equal(names_find(names_seccomp_actions, "SCMP_ACT_NOTIFY")->value, SCMP_ACT_NOTIFY);
    assert_int_equal(names_find(names_seccomp_operators, "SCMP_CMP_NE")->value, SCMP_CMP_NE);
    assert_int_equal(names_find(names_seccomp_operators, "SCMP_CMP_MASKED_EQ")->value,
                     SCMP_CMP_MASKED_EQ);
}

#else

static void test_number_is_compared_behind_a_call_that_there_is_not(void **state) {
    (void)state;
    print_message("skipped: built without libseccomp\n");
    skip();
}

static void test_words_stand_for_what_they_do_there(void **state) {
    (void)state;
    print_message("skipped: built without libseccomp\n");
    skip();
}

static void test_answers_are_those_of_libseccomp(void **state) {
    (void)state;
    print_message("skipped: built without libseccomp\n");
    skip();
}

#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_meets_its_own_section),
        cmocka_unit_test(test_answers_are_those_of_libseccomp),
        cmocka_unit_test(test_number_is_compared_behind_a_call_that_there_is_not),
        cmocka_unit_test(test_words_stand_for_what_they_do_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
