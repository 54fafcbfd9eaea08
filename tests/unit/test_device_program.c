/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules: the v2 program and the v1 list decide like the rules read one by one. */
#include "cgroup/device_program.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cgroup/device_rules.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { READ = NAMES_READ, WRITE = NAMES_WRITE, MKNOD = NAMES_MKNOD };
enum { ALL = NAMES_ALL_ACCESS, ANY = -1 };

struct request {
    char type;
    uint32_t major;
    uint32_t minor;
    unsigned access;
};

/* ---- three ways to decide ------------------------------------------------------------------ */

static bool names_device(const struct plan_device_rule *rule, const struct request *request) {
    return (rule->type == 'a' || rule->type == request->type) &&
           (rule->major < 0 || rule->major == request->major) &&
           (rule->minor < 0 || rule->minor == request->minor);
}

/* The definition: bit by bit, the last rule that names device and bit decides. */
static bool decide_by_definition(const struct plan_device_rule *rules, size_t count,
                                 const struct request *request) {
    for (unsigned bit = 1; bit < ALL; bit <<= 1) {
        bool allowed = false;
        for (size_t i = 0; i < count; i++) {
            if (names_device(&rules[i], request) && (rules[i].access & bit) != 0)
                allowed = rules[i].allow;
        }
        if ((request->access & bit) != 0 && !allowed)
            return false;
    }
    return true;
}

/* The v1 controller's own rule: one exception has to grant all bits, or one takes any. */
static bool decide_by_list(const struct cgroup_device_list *list, const struct request *request) {
    for (size_t i = 0; i < list->count; i++) {
        const struct plan_device_rule *item = &list->items[i];
        if (!names_device(item, request))
            continue;
        if (list->allow_all && (request->access & item->access) != 0)
            return false;
        if (!list->allow_all && (request->access & ~item->access) == 0)
            return true;
    }
    return list->allow_all;
}

static uint64_t load(const struct bpf_cgroup_dev_ctx *context, size_t offset) {
    assert_true(offset % sizeof(uint32_t) == 0 && offset < sizeof(*context));
    uint32_t words[3];
    memcpy(words, context, sizeof(words));
    return words[offset / sizeof(uint32_t)];
}

static bool jumps(const struct bpf_insn *at, uint64_t value) {
    assert_int_equal(BPF_SRC(at->code), BPF_K);
    switch (BPF_OP(at->code)) {
    case BPF_JEQ:
        return (uint32_t)value == (uint32_t)at->imm;
    case BPF_JNE:
        return (uint32_t)value != (uint32_t)at->imm;
    case BPF_JSET:
        return ((uint32_t)value & (uint32_t)at->imm) != 0;
    default:
        fail_msg("unknown jump %#x", at->code);
        return false;
    }
}

static uint64_t calculate(const struct bpf_insn *at, uint64_t value, uint64_t source) {
    switch (at->code) {
    case BPF_ALU64 | BPF_MOV | BPF_K:
        return (uint64_t)(int64_t)at->imm;
    case BPF_ALU | BPF_MOV | BPF_X:
        return (uint32_t)source;
    case BPF_ALU | BPF_OR | BPF_X:
        return (uint32_t)value | (uint32_t)source;
    case BPF_ALU | BPF_AND | BPF_K:
        return (uint32_t)value & (uint32_t)at->imm;
    case BPF_ALU | BPF_XOR | BPF_K:
        return (uint32_t)value ^ (uint32_t)at->imm;
    case BPF_ALU | BPF_RSH | BPF_K:
        return (uint32_t)value >> at->imm;
    case BPF_ALU | BPF_LSH | BPF_K:
        return (uint32_t)value << at->imm;
    default:
        fail_msg("unknown instruction %#x", at->code);
        return 0;
    }
}

/* Runs the program as the kernel would; anything it would refuse fails the test. */
static bool decide_by_program(const struct bpf_insn *program, size_t count,
                              const struct request *request) {
    const struct bpf_cgroup_dev_ctx context = {
        .access_type = (request->access << 16) |
                       (request->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK),
        .major = request->major,
        .minor = request->minor,
    };
    uint64_t registers[MAX_BPF_REG] = {0};
    bool known[MAX_BPF_REG] = {[BPF_REG_1] = true};
    for (size_t i = 0; i < count; i++) {
        const struct bpf_insn *at = &program[i];
        if (at->code == (BPF_JMP | BPF_EXIT)) {
            assert_true(known[BPF_REG_0] && registers[BPF_REG_0] <= 1);
            return registers[BPF_REG_0] == 1;
        }
        bool jump = at->code == (BPF_JMP | BPF_JA);
        if (at->code == (BPF_LDX | BPF_MEM | BPF_W)) {
            assert_int_equal(at->src_reg, BPF_REG_1);
            registers[at->dst_reg] = load(&context, (size_t)at->off);
            known[at->dst_reg] = true;
        } else if (BPF_CLASS(at->code) == BPF_JMP32) {
            assert_true(known[at->dst_reg]);
            jump = jumps(at, registers[at->dst_reg]);
        } else if (!jump) {
            assert_true(known[at->dst_reg] || BPF_OP(at->code) == BPF_MOV);
            assert_true(known[at->src_reg] || BPF_SRC(at->code) == BPF_K);
            registers[at->dst_reg] = calculate(at, registers[at->dst_reg], registers[at->src_reg]);
            known[at->dst_reg] = true;
        }
        if (jump) {
            assert_true(at->off >= 0);
            i += (size_t)at->off;
        }
    }
    fail_msg("the program runs past its end");
    return false;
}

/* ---- comparing them ------------------------------------------------------------------------ */

/* The largest major number is 4095; minor numbers have 20 bits. */
static const uint32_t numbers[] = {0, 1, 3, 5, 136, 2048, 4095};

/* Calls @check with every type, numbers of the rules' neighbourhood, every set of access bits. */
static void for_all_requests(void (*check)(const struct request *request, void *data), void *data) {
    for (size_t type = 0; type < 2; type++)
        for (size_t major = 0; major < COUNT(numbers); major++)
            for (size_t minor = 0; minor < COUNT(numbers); minor++)
                for (unsigned access = 1; access <= ALL; access++) {
                    struct request request = {"cb"[type], numbers[major], numbers[minor], access};
                    check(&request, data);
                }
}

struct compared {
    const struct plan_device_rule *rules;
    size_t rule_count;
    const struct bpf_insn *program;
    size_t program_count;
    const struct cgroup_device_list *list;
    size_t allowed;
};

static void fail_request(const struct compared *compared, const struct request *request,
                         const char *who, bool got) {
    for (size_t i = 0; i < compared->rule_count; i++) {
        char text[CGROUP_DEVICE_TEXT];
        (void)cgroup_device_format(&compared->rules[i], compared->rules[i].access, text);
        print_error("  %s %s\n", compared->rules[i].allow ? "allow" : "deny ", text);
    }
    fail_msg("%s says %d to %c %u:%u access %u", who, got, request->type, request->major,
             request->minor, request->access);
}

static void check_program(const struct request *request, void *data) {
    struct compared *compared = data;
    bool wanted = decide_by_definition(compared->rules, compared->rule_count, request);
    bool got = decide_by_program(compared->program, compared->program_count, request);
    if (got != wanted)
        fail_request(compared, request, "the program", got);
    compared->allowed += wanted;
}

/* The v1 kernel wants one exception for a whole access; it never grants more than the rules do. For
 * a single bit, and so for mknod, which is always alone, it is exact. */
static void check_list(const struct request *request, void *data) {
    struct compared *compared = data;
    bool wanted = decide_by_definition(compared->rules, compared->rule_count, request);
    bool got = decide_by_list(compared->list, request);
    bool single = (request->access & (request->access - 1)) == 0;
    if (single ? got != wanted : got && !wanted)
        fail_request(compared, request, "the list", got);
}

/* Returns how many requests the rules allow. */
static size_t compare(const struct plan_device_rule *rules, size_t count) {
    size_t length = 0;
    cleanup_free struct bpf_insn *program = cgroup_device_compile(rules, count, &length);
    assert_non_null(program);
    struct compared compared = {
        .rules = rules, .rule_count = count, .program = program, .program_count = length};
    for_all_requests(check_program, &compared);
    return compared.allowed;
}

/* Returns false if v1 cannot say it. */
static bool compare_list(const struct plan_device_rule *rules, size_t count) {
    cleanup_cgroup_device_list struct cgroup_device_list list = {0};
    struct thole_error err = {0};
    if (cgroup_device_list_build(rules, count, &list, &err) < 0) {
        assert_int_equal(err.kind, THOLE_ERROR_UNSUPPORTED);
        return false;
    }
    struct compared compared = {.rules = rules, .rule_count = count, .list = &list};
    for_all_requests(check_list, &compared);
    return true;
}

static const size_t all_requests = 2 * COUNT(numbers) * COUNT(numbers) * ALL;

/* ---- tests --------------------------------------------------------------------------------- */

static void no_rules_deny_everything(void **state) {
    (void)state;
    assert_int_equal(compare(NULL, 0), 0);
    assert_true(compare_list(NULL, 0));
}

static void a_rule_for_everything_ends_the_program(void **state) {
    (void)state;
    static const struct plan_device_rule rules[] = {
        {true, 'c', 1, 3, ALL, ""},
        {false, 'a', ANY, ANY, ALL, ""},
        {true, 'a', ANY, ANY, ALL, ""},
    };
    assert_int_equal(compare(rules, 3), all_requests);
    assert_int_equal(compare(rules, 2), 0);
    size_t count = 0;
    cleanup_free struct bpf_insn *program = cgroup_device_compile(rules, 3, &count);
    assert_non_null(program);
    size_t start = 10;
    size_t sections = 2;
    assert_int_equal(count, start + sections + 2);
}

static void the_last_match_wins(void **state) {
    (void)state;
    static const struct plan_device_rule rules[] = {
        {false, 'a', ANY, ANY, ALL, ""},
        {true, 'c', 1, 3, ALL, ""},
        {false, 'c', 1, 3, WRITE, ""},
    };
    /* c 1:3 with r, m and rm: and nothing else. */
    assert_int_equal(compare(rules, COUNT(rules)), 3);
    assert_true(compare_list(rules, COUNT(rules)));
}

static void two_rules_add_up(void **state) {
    (void)state;
    static const struct plan_device_rule rules[] = {
        {true, 'c', 5, ANY, READ, ""},
        {true, 'c', 5, 0, WRITE, ""},
    };
    size_t with_read = COUNT(numbers);
    size_t with_write_and_both = 2;
    assert_int_equal(compare(rules, COUNT(rules)), with_read + with_write_and_both);
    /* The narrow exception is widened, so that v1 grants reading and writing at once as well. */
    cleanup_cgroup_device_list struct cgroup_device_list list = {0};
    assert_int_equal(cgroup_device_list_build(rules, COUNT(rules), &list, NULL), 0);
    assert_true(decide_by_list(&list, &(struct request){'c', 5, 0, READ | WRITE}));
    assert_false(decide_by_list(&list, &(struct request){'c', 5, 1, READ | WRITE}));
}

static void numbers_no_device_has_match_nothing(void **state) {
    (void)state;
    static const struct plan_device_rule rules[] = {
        {true, 'c', (1LL << 32) + 1, 3, ALL, ""}, {true, 'c', 1, (1LL << 32) + 3, ALL, ""},
        {true, 'c', 0, (1LL << 20) + 3, ALL, ""}, {true, 'c', 4096, 3, ALL, ""},
        {true, 'b', 4095, 2048, ALL, ""},         {true, 'c', 1, 1, 0, ""},
    };
    assert_int_equal(compare(rules, COUNT(rules)), ALL);
    const struct plan_device_rule largest = {true, 'b', 4095, (1 << 20) - 1, ALL, ""};
    size_t count = 0;
    cleanup_free struct bpf_insn *program = cgroup_device_compile(&largest, 1, &count);
    assert_true(
        decide_by_program(program, count, &(struct request){'b', 4095, (1 << 20) - 1, ALL}));
    assert_false(decide_by_program(program, count, &(struct request){'b', 4095, 0, ALL}));
    assert_false(decide_by_program(program, count, &(struct request){'c', 4095, (1 << 20) - 1, 1}));
}

static void jumps_have_an_end(void **state) {
    (void)state;
    enum { FITS = 30000, TOO_MANY = 40000 };
    struct plan_device_rule *rules = calloc(TOO_MANY, sizeof(*rules));
    assert_non_null(rules);
    for (int i = 0; i < TOO_MANY; i++)
        rules[i] = (struct plan_device_rule){true, 'c', 1 + i % 4000, i, ALL, ""};
    size_t count = 0;
    struct bpf_insn *program = cgroup_device_compile(rules, FITS, &count);
    assert_non_null(program);
    assert_true(decide_by_program(program, count, &(struct request){'c', 1, 0, ALL}));
    assert_false(decide_by_program(program, count, &(struct request){'c', 1, 1, ALL}));
    free(program);
    errno = 0;
    assert_null(cgroup_device_compile(rules, TOO_MANY, &count));
    assert_int_equal(errno, E2BIG);
    free(rules);
}

/* What engines write: deny all, a few devices, and the defaults of the runtime. */
static void an_engines_list(void **state) {
    (void)state;
    static const struct plan_device_rule rules[] = {
        {false, 'a', ANY, ANY, ALL, "/linux/resources/devices/0"},
        {true, 'c', ANY, ANY, MKNOD, "/linux/resources/devices/1"},
        {true, 'b', ANY, ANY, MKNOD, "/linux/resources/devices/2"},
        {true, 'c', 1, 3, ALL, ""},
        {true, 'c', 1, 5, ALL, ""},
        {true, 'c', 5, 0, ALL, ""},
        {true, 'c', 136, ANY, ALL, ""},
    };
    size_t mknod_only = 2 * COUNT(numbers) * COUNT(numbers);
    size_t whole = 3 + COUNT(numbers);
    assert_int_equal(compare(rules, COUNT(rules)), mknod_only + whole * (ALL - 1));
    assert_true(compare_list(rules, COUNT(rules)));
}

static void v1_says_it_the_other_way_round(void **state) {
    (void)state;
    static const struct plan_device_rule rules[] = {
        {true, 'a', ANY, ANY, ALL, ""},
        {false, 'c', 1, 3, WRITE, ""},
    };
    assert_true(compare_list(rules, COUNT(rules)));
    cleanup_cgroup_device_list struct cgroup_device_list list = {0};
    assert_int_equal(cgroup_device_list_build(rules, COUNT(rules), &list, NULL), 0);
    assert_true(list.allow_all);
    assert_int_equal(list.count, 1);
}

/* The list of an engine's privileged container: what stands before the last rule is of no account.
 */
static void a_rule_for_everything_resets_the_list(void **state) {
    (void)state;
    static const struct plan_device_rule before[] = {
        {false, 'a', ANY, ANY, ALL, ""},  {true, 'c', 1, 5, ALL, ""},
        {true, 'c', ANY, ANY, MKNOD, ""}, {false, 'c', 1, 3, MKNOD, ""},
        {false, 'b', 5, ANY, ALL, ""},    {true, 'b', 5, 0, READ, ""},
    };
    static const struct plan_device_rule after = {false, 'c', 5, 0, WRITE, ""};
    struct plan_device_rule rules[COUNT(before) + 2];
    for (size_t taken = 0; taken <= COUNT(before); taken++) {
        for (int allow = 0; allow < 2; allow++) {
            memcpy(rules, before, taken * sizeof(rules[0]));
            rules[taken] = (struct plan_device_rule){allow, 'a', ANY, ANY, ALL, ""};
            rules[taken + 1] = after;
            rules[taken + 1].allow = !allow;
            assert_true(compare_list(rules, taken + 1));
            assert_true(compare_list(rules, taken + 2));
            cleanup_cgroup_device_list struct cgroup_device_list list = {0};
            assert_int_equal(cgroup_device_list_build(rules, taken + 2, &list, NULL), 0);
            assert_int_equal(list.allow_all, allow);
            assert_int_equal(list.count, 1);
        }
    }
}

static void v1_refuses_what_it_cannot_say(void **state) {
    (void)state;
    static const struct plan_device_rule rules[] = {
        {true, 'c', ANY, ANY, MKNOD, "/devices/0"},
        {false, 'c', 1, 3, MKNOD, "/devices/1"},
        {true, 'c', 5, 0, ALL, "/devices/2"},
    };
    cleanup_cgroup_device_list struct cgroup_device_list list = {0};
    struct thole_error err = {0};
    char text[256];
    assert_int_equal(cgroup_device_list_build(rules, COUNT(rules), &list, &err), -1);
    assert_string_equal(error_format(&err, text, sizeof(text)),
                        "/devices/1: cgroup v1 cannot deny c 1:3 m out of a wider rule that "
                        "allows it");
}

static void allowing_all_is_recognised(void **state) {
    (void)state;
    static const struct plan_device_rule rules[] = {
        {false, 'c', 1, 3, ALL, ""},
        {true, 'a', ANY, ANY, ALL, ""},
        {true, 'c', 1, 3, ALL, ""},
        {false, 'c', 1, 3, READ, ""},
    };
    assert_false(cgroup_device_rules_allow_all(rules, 1));
    assert_true(cgroup_device_rules_allow_all(rules, 2));
    assert_true(cgroup_device_rules_allow_all(rules, 3));
    assert_false(cgroup_device_rules_allow_all(rules, 4));
    assert_false(cgroup_device_rules_allow_all(rules, 0));
}

static void the_last_rule_decides_for_each_access(void **state) {
    (void)state;
    static const struct plan_device_rule rules[] = {
        {true, 'a', ANY, ANY, READ | MKNOD, ""},
        {false, 'b', 8, ANY, MKNOD, ""},
        {true, 'b', 8, 1, WRITE, ""},
        {false, 'c', ANY, 3, READ, ""},
    };
    assert_int_equal(cgroup_device_rules_access(rules, COUNT(rules), 'b', 8, 1), READ | WRITE);
    assert_int_equal(cgroup_device_rules_access(rules, COUNT(rules), 'b', 8, 2), READ);
    assert_int_equal(cgroup_device_rules_access(rules, COUNT(rules), 'b', 9, 1), READ | MKNOD);
    assert_int_equal(cgroup_device_rules_access(rules, COUNT(rules), 'c', 1, 3), MKNOD);
    assert_int_equal(cgroup_device_rules_access(rules, 0, 'c', 1, 3), 0);
}

/* A fixed sequence, so that a failure can be looked at again. */
static unsigned draw(uint64_t *seed, unsigned below) {
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*seed >> 33) % below;
}

static int64_t draw_number(uint64_t *seed) {
    static const int64_t choices[] = {ANY, ANY, 1, 3, 5, 136, 4095};
    return choices[draw(seed, COUNT(choices))];
}

static void random_lists(void **state) {
    (void)state;
    enum { LISTS = 400, RULES = 12 };
    uint64_t seed = 20240607;
    size_t said = 0;
    for (size_t list = 0; list < LISTS; list++) {
        struct plan_device_rule rules[RULES];
        size_t count = draw(&seed, RULES + 1);
        for (size_t i = 0; i < count; i++)
            rules[i] = (struct plan_device_rule){
                .allow = draw(&seed, 3) > 0,
                .type = "abc"[draw(&seed, 3)],
                .major = draw_number(&seed),
                .minor = draw_number(&seed),
                .access = draw(&seed, 3) > 0 ? ALL : draw(&seed, ALL + 1),
                .where = "",
            };
        (void)compare(rules, count);
        said += compare_list(rules, count);
    }
    /* Enough of them can be said on v1 for the comparison to mean something. */
    assert_true(said > LISTS / 4);
}

static void the_kernels_list_is_read(void **state) {
    (void)state;
    cleanup_cgroup_device_list struct cgroup_device_list list = {0};
    assert_int_equal(cgroup_device_list_parse("c 1:3 rwm\nb *:* m\nnonsense\nc 136:* rw\n", &list),
                     0);
    assert_false(list.allow_all);
    assert_int_equal(list.count, 3);
    static const char *const lines[] = {"c 1:3 rwm", "b *:* m", "c 136:* rw"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        char text[CGROUP_DEVICE_TEXT];
        int length = cgroup_device_format(&list.items[i], list.items[i].access, text);
        assert_string_equal(text, lines[i]);
        assert_int_equal(length, strlen(text));
    }
    static const struct plan_device_rule looked_for[] = {
        {true, 'c', 136, ANY, ALL, ""},
        {true, 'c', 136, 1, ALL, ""},
    };
    assert_int_equal(cgroup_device_list_access(&list, &looked_for[0]), READ | WRITE);
    assert_int_equal(cgroup_device_list_access(&list, &looked_for[1]), 0);

    cgroup_device_list_done(&list);
    assert_int_equal(cgroup_device_list_parse("a *:* rwm\n", &list), 0);
    assert_true(list.allow_all);
    assert_int_equal(list.count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_rules_deny_everything),
        cmocka_unit_test(a_rule_for_everything_ends_the_program),
        cmocka_unit_test(the_last_match_wins),
        cmocka_unit_test(two_rules_add_up),
        cmocka_unit_test(numbers_no_device_has_match_nothing),
        cmocka_unit_test(jumps_have_an_end),
        cmocka_unit_test(an_engines_list),
        cmocka_unit_test(v1_says_it_the_other_way_round),
        cmocka_unit_test(a_rule_for_everything_resets_the_list),
        cmocka_unit_test(v1_refuses_what_it_cannot_say),
        cmocka_unit_test(allowing_all_is_recognised),
        cmocka_unit_test(the_last_rule_decides_for_each_access),
        cmocka_unit_test(random_lists),
        cmocka_unit_test(the_kernels_list_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
