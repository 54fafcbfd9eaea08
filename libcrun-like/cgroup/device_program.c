/* SPDX-License-Identifier: Apache-2.0 */
/* A compiler for device rules. */
#include "cgroup/device_program.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
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
};

enum { RULE_MAX = 8, FRAME = 9 /* instructions for one rule, for start and end together */ };

struct program {
    struct bpf_insn *instructions;
    size_t count;
};

static void emit(struct program *program, int code, int target, int offset, int32_t value) {
    program->instructions[program->count++] = (struct bpf_insn){
        .code = (uint8_t)code,
        .dst_reg = (uint8_t)target & 15,
        .off = (int16_t)offset,
        .imm = value,
    };
}

static void emit_load(struct program *program, int target, size_t offset) {
    program->instructions[program->count++] = (struct bpf_insn){
        .code = BPF_LDX | BPF_MEM | BPF_W,
        .dst_reg = (uint8_t)target & 15,
        .src_reg = CONTEXT,
        .off = (int16_t)offset,
    };
}

static void emit_answer(struct program *program, bool granted) {
    emit(program, BPF_ALU64 | BPF_MOV | BPF_K, ANSWER, 0, granted);
    emit(program, BPF_JMP | BPF_EXIT, 0, 0, 0);
}

static void emit_start(struct program *program) {
    emit_load(program, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
    emit_load(program, ACCESS, offsetof(struct bpf_cgroup_dev_ctx, access_type));
    emit(program, BPF_ALU | BPF_AND | BPF_K, TYPE, 0, 0xffff);
    emit(program, BPF_ALU | BPF_RSH | BPF_K, ACCESS, 0, 16);
    emit_load(program, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
    emit_load(program, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/* Jumps to the next rule; the distance is filled in when that is known. */
static void emit_skip_unless(struct program *program, int code, int target, int64_t value) {
    emit(program, BPF_JMP32 | code | BPF_K, target, 0, (int32_t)(uint32_t)value);
}

static void emit_rule(struct program *program, const struct plan_device_rule *rule) {
    size_t first = program->count;
    int32_t access = (int32_t)(rule->access & CGROUP_ACCESS_ALL);
    if (rule->type != 'a')
        emit_skip_unless(program, BPF_JNE, TYPE,
                         rule->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK);
    if (rule->major >= 0)
        emit_skip_unless(program, BPF_JNE, MAJOR, rule->major);
    if (rule->minor >= 0)
        emit_skip_unless(program, BPF_JNE, MINOR, rule->minor);
    if (access != CGROUP_ACCESS_ALL && rule->allow) {
        emit(program, BPF_ALU | BPF_AND | BPF_K, ACCESS, 0, CGROUP_ACCESS_ALL & ~access);
        emit_skip_unless(program, BPF_JNE, ACCESS, 0);
    } else if (access != CGROUP_ACCESS_ALL) {
        emit(program, BPF_JMP32 | BPF_JSET | BPF_K, ACCESS, 1, access);
        emit(program, BPF_JMP | BPF_JA, 0, 0, 0);
    }
    emit_answer(program, rule->allow);

    for (size_t i = first; i < program->count; i++) {
        struct bpf_insn *instruction = &program->instructions[i];
        int class = BPF_CLASS(instruction->code);
        bool jumps = class == BPF_JMP32 || instruction->code == (BPF_JMP | BPF_JA);
        if (jumps && instruction->off == 0)
            instruction->off = (int16_t)(program->count - i - 1);
    }
}

static bool can_match(const struct plan_device_rule *rule) {
    return (rule->access & CGROUP_ACCESS_ALL) != 0 && rule->major <= UINT32_MAX &&
           rule->minor <= UINT32_MAX;
}

struct bpf_insn *cgroup_device_compile(const struct plan_device_rule *rules, size_t count,
                                       size_t *ret_count) {
    struct program program = {.instructions =
                                  calloc(count * RULE_MAX + FRAME, sizeof(struct bpf_insn))};
    if (program.instructions == NULL)
        return NULL;
    emit_start(&program);
    bool decided = false;
    for (size_t i = count; i-- > 0 && !decided;) {
        if (!can_match(&rules[i]))
            continue;
        emit_rule(&program, &rules[i]);
        /* Nothing gets past a rule for everything, and the verifier refuses dead code. */
        decided = rules[i].type == 'a' && rules[i].major < 0 && rules[i].minor < 0 &&
                  (rules[i].access & CGROUP_ACCESS_ALL) == CGROUP_ACCESS_ALL;
    }
    if (!decided)
        emit_answer(&program, false);
    *ret_count = program.count;
    return program.instructions;
}
