/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A profile drawn from the input, compiled by thole and by libseccomp alone: on every architecture
 * that it names, x32 and 32-bit calls included, both programs answer alike, near every number and
 * every value that it speaks of and anywhere else. What one of them refuses, the other refuses.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#ifdef HAVE_LIBSECCOMP
#include <seccomp.h>
#endif

#include "base/cleanup.h"
#include "base/names.h"
#include "security/seccomp_compile.h"
#include "security/seccomp_sections.h"
#include "security/seccomp_soundness.h"
#include "targets.h"
#include "tests/unit/libseccomp_leaks.h"
#include "tests/unit/seccomp_reference.h"

#ifdef HAVE_LIBSECCOMP

#define X32_BIT 0x40000000U

enum { RULES_MOST = 6, NAMES_MOST = 8, ARGUMENTS_MOST = 6, ARCHITECTURES_MOST = 4 };
enum { KNOWN_MOST = 2048, NUMBERS = 512, SPREAD = 4 /* calls around each number */ };

struct profile {
    struct plan_seccomp plan;
    struct plan_seccomp_rule rules[RULES_MOST];
    struct plan_seccomp_argument arguments[RULES_MOST][ARGUMENTS_MOST];
    char *names[RULES_MOST][NAMES_MOST];
    char *architectures[ARCHITECTURES_MOST];
    uint32_t tokens[ARCHITECTURES_MOST + 1]; /* libseccomp's, the native one first */
    size_t token_count;
};

/* ---- what there is to draw from ---- */

static char *known[KNOWN_MOST]; /* names of system calls */
static size_t known_count;

/* libseccomp itself may take one for another: two of them have one made-up number. */
static bool is_itself(const char *name) {
    cleanup_free char *found =
        seccomp_syscall_resolve_num_arch(seccomp_arch_native(), seccomp_syscall_resolve_name(name));
    return found != NULL && strcmp(found, name) == 0;
}

static void learn(char *name) {
    for (size_t i = 0; i < known_count; i++) {
        if (strcmp(known[i], name) == 0) {
            free(name);
            return;
        }
    }
    require(known_count < KNOWN_MOST);
    known[known_count++] = name;
}

/* Of every architecture, so that there are calls that only some have, or share one number. */
static void learn_names(void) {
    static const int first[] = {0, 4000, 5000, 6000, (int)X32_BIT};
    for (const struct name_value *row = names_seccomp_architectures; row->name != NULL; row++) {
        const uint32_t token = seccomp_reference_architecture(row->name);
        for (size_t i = 0; token != 0 && i < sizeof(first) / sizeof(first[0]); i++) {
            for (int number = first[i]; number < first[i] + NUMBERS; number++) {
                char *name = seccomp_syscall_resolve_num_arch(token, number);
                if (name != NULL && is_itself(name))
                    learn(name);
                else
                    free(name);
            }
        }
    }
    learn(strdup("no_such_call"));
}

/* A call that there is everywhere, for the first rule: see seccomp_reference_compile(). */
static char everywhere[] = "getpid";

static char *draw_name(struct fuzz_bytes *bytes) {
    char *name = known[fuzz_below(bytes, known_count)];
    return strcmp(name, everywhere) == 0 ? known[0] : name;
}

static void add_first_rule(struct profile *profile) {
    profile->names[0][0] = everywhere;
    profile->rules[0] = (struct plan_seccomp_rule){
        .action =
            profile->plan.default_action == SECCOMP_RET_LOG ? SECCOMP_RET_TRAP : SECCOMP_RET_LOG,
        .names = {.items = profile->names[0], .count = 1},
        .where = "/linux/seccomp/syscalls/0",
    };
}

static int64_t draw_value(struct fuzz_bytes *bytes, const struct name_value *names) {
    size_t count = 0;
    while (names[count].name != NULL)
        count++;
    return names[fuzz_below(bytes, count)].value;
}

/* ---- the profile ---- */

/* Small values meet each other; a large one has something in both halves. */
static uint64_t draw_number(struct fuzz_bytes *bytes) {
    const size_t shape = fuzz_below(bytes, 4);
    return shape == 0   ? fuzz_take(bytes, 8)
           : shape == 1 ? UINT64_C(1) << fuzz_below(bytes, 64)
                        : fuzz_below(bytes, 4);
}

static void draw_rule(struct profile *profile, size_t index, struct fuzz_bytes *bytes) {
    struct plan_seccomp_rule *rule = &profile->rules[index];
    *rule = (struct plan_seccomp_rule){
        .action = (int)draw_value(bytes, names_seccomp_actions),
        .errno_ret = (uint32_t)fuzz_below(bytes, 3),
        .names = {.items = profile->names[index], .count = 1 + fuzz_below(bytes, NAMES_MOST)},
        .arguments = profile->arguments[index],
        .argument_count = fuzz_below(bytes, 2) == 0 ? 0 : fuzz_below(bytes, ARGUMENTS_MOST),
        .where = "/linux/seccomp/syscalls",
    };
    for (size_t i = 0; i < rule->names.count; i++)
        profile->names[index][i] = draw_name(bytes);
    for (size_t i = 0; i < rule->argument_count; i++)
        rule->arguments[i] = (struct plan_seccomp_argument){
            .index = (uint32_t)fuzz_below(bytes, ARGUMENTS_MOST),
            .value = draw_number(bytes),
            .value_two = draw_number(bytes),
            .op = (int)draw_value(bytes, names_seccomp_operators),
        };
}

static void draw_architectures(struct profile *profile, struct fuzz_bytes *bytes) {
    struct plan_seccomp *plan = &profile->plan;
    const size_t count = fuzz_below(bytes, ARCHITECTURES_MOST + 1);
    size_t rows = 0;
    while (names_seccomp_architectures[rows].name != NULL)
        rows++;
    plan->architectures.items = profile->architectures;
    profile->tokens[profile->token_count++] = seccomp_arch_native();
    for (size_t i = 0; i < count; i++) {
        const char *name = names_seccomp_architectures[fuzz_below(bytes, rows)].name;
        const uint32_t token = seccomp_reference_architecture(name);
        profile->architectures[plan->architectures.count++] = (char *)(uintptr_t)name;
        if (token != 0)
            profile->tokens[profile->token_count++] = token;
    }
}

static void draw_profile(struct profile *profile, struct fuzz_bytes *bytes) {
    profile->plan = (struct plan_seccomp){
        .default_action = (int)draw_value(bytes, names_seccomp_actions),
        .default_errno_ret = (uint32_t)fuzz_below(bytes, 3), /* 1 is EPERM */
        .rules = profile->rules,
        .rule_count = 1 + fuzz_below(bytes, RULES_MOST),
        .where = "/linux/seccomp",
    };
    draw_architectures(profile, bytes);
    add_first_rule(profile);
    for (size_t i = 1; i < profile->plan.rule_count; i++)
        draw_rule(profile, i, bytes);
}

/* ---- the comparison ---- */

struct comparison {
    const struct profile *profile;
    struct seccomp_filter mine;
    struct seccomp_filter plain;
    uint64_t seed;
};

/* A sequence of its own for each input. */
static size_t draw(struct comparison *comparison, size_t below) {
    comparison->seed = comparison->seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (size_t)(comparison->seed >> 33) % below;
}

/* Calls newer than all that the profile names give ENOSYS where others give EPERM. */
static bool is_newer(const struct plan_seccomp *plan, uint32_t token, uint32_t number) {
    bool any = false;
    if (plan->default_action != SECCOMP_RET_ERRNO || plan->default_errno_ret != EPERM)
        return false;
    for (size_t i = 0; i < plan->rule_count; i++) {
        for (size_t k = 0; k < plan->rules[i].names.count; k++) {
            int named = seccomp_syscall_resolve_name_arch(token, plan->rules[i].names.items[k]);
            /* Where the native architecture has no such call libseccomp may still know its name. */
            if (named >= 0 && (uint32_t)named >= number)
                return false;
            any = any || named >= 0;
        }
    }
    return any;
}

/* Many of the values are one of the profile's or beside it. */
static uint64_t draw_argument(struct comparison *comparison, uint32_t index) {
    const struct plan_seccomp *plan = &comparison->profile->plan;
    const struct plan_seccomp_rule *rule =
        plan->rule_count > 0 ? &plan->rules[draw(comparison, plan->rule_count)] : NULL;
    for (size_t i = 0; rule != NULL && i < rule->argument_count; i++) {
        const struct plan_seccomp_argument *argument = &rule->arguments[i];
        if (argument->index == index && draw(comparison, 4) != 0)
            return (draw(comparison, 2) == 0 ? argument->value : argument->value_two) +
                   draw(comparison, 3) - 1;
    }
    return draw(comparison, 2) == 0 ? draw(comparison, 4) : comparison->seed;
}

/* The ABI of the profile that a call belongs to: x32 shares x86-64's architecture. 0: none. */
static uint32_t owner_of(const struct profile *profile, uint32_t architecture, uint32_t number) {
    uint32_t owner = architecture;
    if (architecture == SCMP_ARCH_X86_64 && number >= X32_BIT && number != SECCOMP_NO_CALL)
        owner = SCMP_ARCH_X32;
    for (size_t i = 0; i < profile->token_count; i++) {
        if (profile->tokens[i] == owner)
            return owner;
    }
    return 0;
}

static void compare_call(struct comparison *comparison, uint32_t token, uint32_t number) {
    struct seccomp_data data = {.nr = (int)number, .arch = token};
    uint32_t own = 0;
    uint32_t expected = 0;
    if (token == SCMP_ARCH_X32)
        data.arch = SCMP_ARCH_X86_64;
    for (uint32_t i = 0; i < ARGUMENTS_MOST; i++)
        data.args[i] = draw_argument(comparison, i);
    require(seccomp_reference_judge(comparison->mine.instructions, comparison->mine.count, &data,
                                    &own));
    require(seccomp_reference_judge(comparison->plain.instructions, comparison->plain.count, &data,
                                    &expected));
    const uint32_t owner = owner_of(comparison->profile, data.arch, number);
    if (owner != 0 && is_newer(&comparison->profile->plan, owner, number))
        expected = SECCOMP_RET_ERRNO | ENOSYS;
    if (own == expected)
        return;
    (void)fprintf(stderr, "architecture %#x, call %#x (%#llx, %#llx, ...): %#x instead of %#x\n",
                  data.arch, number, (unsigned long long)data.args[0],
                  (unsigned long long)data.args[1], own, expected);
    abort();
}

static void compare_architecture(struct comparison *comparison, uint32_t token) {
    const struct plan_seccomp *plan = &comparison->profile->plan;
    for (size_t i = 0; i < plan->rule_count; i++) {
        for (size_t k = 0; k < plan->rules[i].names.count; k++) {
            int number = seccomp_syscall_resolve_name_arch(token, plan->rules[i].names.items[k]);
            for (uint32_t near = 0; number >= 0 && near < SPREAD; near++)
                compare_call(comparison, token, (uint32_t)number + near - 1);
        }
    }
    for (uint32_t number = 0; number < 2 * NUMBERS; number += 31)
        compare_call(comparison, token, token == SCMP_ARCH_X32 ? X32_BIT + number : number);
    compare_call(comparison, token, (uint32_t)draw(comparison, X32_BIT));
    compare_call(comparison, token, UINT32_MAX);
}

static void compare(struct comparison *comparison) {
    const struct profile *profile = comparison->profile;
    /* What both may see of architectures that are not named is that they are refused. */
    static const uint32_t others[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32,
                                      SCMP_ARCH_AARCH64};
    for (size_t i = 0; i < profile->token_count; i++)
        compare_architecture(comparison, profile->tokens[i]);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        bool named = false;
        for (size_t k = 0; k < profile->token_count; k++)
            named = named || profile->tokens[k] == others[i];
        if (!named) {
            struct seccomp_data data = {.nr = others[i] == SCMP_ARCH_X32 ? (int)X32_BIT : 0,
                                        .arch = others[i] == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64
                                                                           : others[i]};
            uint32_t own = 0;
            require(seccomp_reference_judge(comparison->mine.instructions, comparison->mine.count,
                                            &data, &own) &&
                    own == SECCOMP_RET_KILL_THREAD);
        }
    }
}

static void judge(struct comparison *comparison, int result, int expected,
                  const struct thole_error *err) {
    if (result != expected)
        (void)fprintf(stderr, "%s\n", result < 0 ? err->text : "was not refused");
    require(result == expected);
    if (result < 0)
        fuzz_require_line(err);
    else
        compare(comparison);
}

void fuzz_seccomp(const uint8_t *data, size_t size) {
    static const struct thole_log silent = {0};
    struct profile profile = {0};
    struct thole_error err = {0};
    struct fuzz_bytes bytes = {data, size};
    struct comparison comparison = {.profile = &profile, .seed = size};
    if (known_count == 0)
        learn_names();
    draw_profile(&profile, &bytes);
    const int expected = seccomp_reference_compile(&profile.plan, &comparison.plain);
    const int result = seccomp_compile(&profile.plan, &silent, &comparison.mine, &err);
    /* What libseccomp gets wrong is no measure; thole refuses it where it notices. */
    const bool measures = expected < 0 || seccomp_program_is_sound(comparison.plain.instructions,
                                                                   comparison.plain.count);
    if (result < 0 && strstr(err.text, "takes one argument for another") != NULL)
        fuzz_require_line(&err);
    else if (measures)
        judge(&comparison, result, expected, &err);
    seccomp_filter_done(&comparison.mine);
    seccomp_filter_done(&comparison.plain);
}

#else

void fuzz_seccomp(const uint8_t *data, size_t size) {
    (void)data;
    (void)size;
}

#endif
