/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiler for device rules. Loading a program costs what the kernel's verifier has to look at,
 * and every container start pays it: a rule is one comparison where it can be, nothing that is
 * known after a comparison is carried on to the next rule (the verifier would follow each such
 * history by itself), and all rules share the two ends.
 */
#include "cgroup/device_program.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cgroup/device_rules.h"

/* Where the program keeps what it was asked. The access shrinks: bits that a later rule has granted
 * are taken out, and when none is left the answer is yes. */
enum {
    ANSWER = BPF_REG_0,
    CONTEXT = BPF_REG_1,
    TYPE = BPF_REG_2,
    ACCESS = BPF_REG_3,
    MAJOR = BPF_REG_4,
    MINOR = BPF_REG_5,
    DEVICE = BPF_REG_6, /* both numbers, as in the kernel's dev_t */
    SCRATCH = BPF_REG_7,
};

/* linux/kdev_t.h: no device has larger numbers. */
enum { MINOR_BITS = 20, MINOR_MAX = (1 << MINOR_BITS) - 1, MAJOR_MAX = (1 << 12) - 1 };

/* Instructions at most for one rule in both sections, and for all that is not a rule. */
enum { RULE_MAX = 10, FRAME_MAX = 24, JUMP_MAX = INT16_MAX };

/* Where a jump goes; distances are filled in at the end. */
enum target { NOWHERE, GRANT, REFUSE, BLOCK_SECTION, TARGETS };

struct program {
    struct bpf_insn *instructions;
    uint8_t *targets; /* one enum target for each instruction */
    size_t count;
};

static void emit(struct program *program, int code, int destination, int source, int32_t value) {
    program->instructions[program->count++] = (struct bpf_insn){
        .code = (uint8_t)code,
        .dst_reg = (uint8_t)destination & 15,
        .src_reg = (uint8_t)source & 15,
        .imm = value,
    };
}

static void emit_load(struct program *program, int destination, size_t offset) {
    emit(program, BPF_LDX | BPF_MEM | BPF_W, destination, CONTEXT, 0);
    program->instructions[program->count - 1].off = (int16_t)offset;
}

static void emit_jump(struct program *program, int code, int compared, uint32_t value,
                      enum target target) {
    program->targets[program->count] = (uint8_t)target;
    emit(program, code, compared, 0, (int32_t)value);
}

static void emit_start(struct program *program) {
    emit_load(program, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
    emit_load(program, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
    emit_load(program, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
    emit(program, BPF_ALU | BPF_MOV | BPF_X, ACCESS, TYPE, 0);
    emit(program, BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 16);
    emit(program, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0xffff);
    emit(program, BPF_ALU | BPF_MOV | BPF_X, DEVICE, MAJOR, 0);
    emit(program, BPF_ALU | BPF_LSH | BPF_K, DEVICE, 0, MINOR_BITS);
    emit(program, BPF_ALU | BPF_OR | BPF_X, DEVICE, MINOR, 0);
    emit_jump(program, BPF_JMP32 | BPF_JNE | BPF_K, TYPE, BPF_DEVCG_DEV_CHAR, BLOCK_SECTION);
}

/* ---- one rule ------------------------------------------------------------------------------ */

/* What tells that a rule names the device: a register and its value; false if it names all. */
static bool find_comparison(const struct plan_device_rule *rule, int *ret_register,
                            uint32_t *ret_value) {
    if (rule->major >= 0 && rule->minor >= 0) {
        *ret_register = DEVICE;
        *ret_value = (uint32_t)rule->major << MINOR_BITS | (uint32_t)rule->minor;
    } else if (rule->major >= 0) {
        *ret_register = MAJOR;
        *ret_value = (uint32_t)rule->major;
    } else if (rule->minor >= 0) {
        *ret_register = MINOR;
        *ret_value = (uint32_t)rule->minor;
    } else
        return false;
    return true;
}

/* A rule for every access ends the matter for its devices. Returns true if it names all of them. */
static bool emit_whole_rule(struct program *program, const struct plan_device_rule *rule) {
    int compared = 0;
    uint32_t value = 0;
    enum target answer = rule->allow ? GRANT : REFUSE;
    if (!find_comparison(rule, &compared, &value)) {
        emit_jump(program, BPF_JMP | BPF_JA, 0, 0, answer);
        return true;
    }
    emit_jump(program, BPF_JMP32 | BPF_JEQ | BPF_K, compared, value, answer);
    return false;
}

static void emit_partial_rule(struct program *program, const struct plan_device_rule *rule,
                              unsigned access) {
    int compared = 0;
    uint32_t value = 0;
    size_t skip = 0;
    if (find_comparison(rule, &compared, &value)) {
        emit(program, BPF_ALU | BPF_MOV | BPF_X, SCRATCH, compared, 0);
        emit(program, BPF_ALU | BPF_XOR | BPF_K, SCRATCH, 0, (int32_t)value);
        skip = program->count;
        emit(program, BPF_JMP32 | BPF_JNE | BPF_K, SCRATCH, 0, 0);
    }
    if (rule->allow) {
        emit(program, BPF_ALU | BPF_AND | BPF_K, ACCESS, 0, (int32_t)(NAMES_ALL_ACCESS & ~access));
        emit_jump(program, BPF_JMP32 | BPF_JEQ | BPF_K, ACCESS, 0, GRANT);
    } else
        emit_jump(program, BPF_JMP32 | BPF_JSET | BPF_K, ACCESS, access, REFUSE);
    if (skip > 0)
        program->instructions[skip].off = (int16_t)(program->count - skip - 1);
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* The rules that can name a device of @type, the last one first. */
static void emit_section(struct program *program, const struct plan_device_rule *rules,
                         size_t count, char type) {
    for (size_t i = count; i-- > 0;) {
        const struct plan_device_rule *rule = &rules[i];
        unsigned access = rule->access & NAMES_ALL_ACCESS;
        if ((rule->type != 'a' && rule->type != type) || access == 0 || rule->major > MAJOR_MAX ||
            rule->minor > MINOR_MAX)
            continue;
        if (access != NAMES_ALL_ACCESS)
            emit_partial_rule(program, rule, access);
        else if (emit_whole_rule(program, rule))
            return; /* nothing gets past it, and the verifier refuses dead code */
    }
    emit_jump(program, BPF_JMP | BPF_JA, 0, 0, REFUSE);
}

/* An end that nothing jumps to would be dead code as well. */
static void emit_answer(struct program *program, enum target target, bool granted,
                        size_t places[TARGETS]) {
    places[target] = program->count;
    for (size_t i = 0; i < program->count; i++) {
        if (program->targets[i] != target)
            continue;
        emit(program, BPF_ALU64 | BPF_MOV | BPF_K, ANSWER, 0, granted);
        emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0);
        return;
    }
}

struct bpf_insn *cgroup_device_compile(const struct plan_device_rule *rules, size_t count,
                                       size_t *ret_count) {
    size_t capacity = count * RULE_MAX + FRAME_MAX;
    cleanup_free struct bpf_insn *instructions = calloc(capacity, sizeof(*instructions));
    cleanup_free uint8_t *targets = calloc(capacity, sizeof(*targets));
    if (instructions == NULL || targets == NULL)
        return NULL;
    struct program program = {.instructions = instructions, .targets = targets};
    size_t places[TARGETS] = {0};
    emit_start(&program);
    emit_section(&program, rules, count, 'c');
    places[BLOCK_SECTION] = program.count;
    emit_section(&program, rules, count, 'b');
    emit_answer(&program, GRANT, true, places);
    emit_answer(&program, REFUSE, false, places);
    if (program.count > JUMP_MAX) {
        errno = E2BIG;
        return NULL;
    }
    for (size_t i = 0; i < program.count; i++) {
        if (targets[i] != NOWHERE)
            instructions[i].off = (int16_t)(places[targets[i]] - i - 1);
    }
    *ret_count = program.count;
    return take_ptr(instructions);
}
