/* SPDX-License-Identifier: Apache-2.0 */
/* One seccomp program out of what each architecture needs. */
#include "security/seccomp_sections.h"

#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_LENGTH = 7, JUMP_MOST = 255 /* instructions a conditional jump can skip */ };

/* Jumps count the instructions that are skipped. The kernel's cache of calls that are always
 * allowed understands all that is used here. */
static void emit(struct sock_filter **at, uint16_t code, uint32_t value, uint8_t if_true,
                 uint8_t if_false) {
    *(*at)++ = (struct sock_filter){code, if_true, if_false, value};
}

void seccomp_section_done(struct seccomp_section *section) {
    free(section->intervals.items);
    free(section->program);
    *section = (struct seccomp_section){0};
}

static size_t tree_length(size_t intervals) {
    if (intervals <= 1)
        return intervals;
    size_t lower = tree_length(intervals / 2);
    return (lower > JUMP_MOST ? 2 : 1) + lower + tree_length(intervals - intervals / 2);
}

/* The accumulator holds the number. @behind: instructions between this tree and the program. */
static void emit_tree(struct sock_filter **at, const struct seccomp_interval *items, size_t count,
                      size_t behind) {
    if (count == 1) {
        if (items->by_program)
            emit(at, BPF_JMP | BPF_JA, (uint32_t)behind, 0, 0);
        else
            emit(at, BPF_RET | BPF_K, items->answer, 0, 0);
        return;
    }
    const size_t half = count / 2;
    const size_t lower = tree_length(half);
    const size_t upper = tree_length(count - half);
    const uint16_t compare = BPF_JMP | BPF_JGE | BPF_K;
    if (lower > JUMP_MOST) {
        emit(at, compare, items[half].first, 0, 1);
        emit(at, BPF_JMP | BPF_JA, (uint32_t)lower, 0, 0);
    } else {
        emit(at, compare, items[half].first, (uint8_t)lower, 0);
    }
    emit_tree(at, items, half, behind + upper);
    emit_tree(at, items + half, count - half, behind);
}

static void emit_section(struct sock_filter **at, const struct seccomp_section *section) {
    const size_t length = tree_length(section->intervals.count) + section->count;
    emit(at, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
    emit(at, BPF_JMP | BPF_JEQ | BPF_K, section->audit_architecture, 0, 4);
    emit(at, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    emit(at, BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_NO_CALL, 3, 0);
    emit(at, BPF_JMP | BPF_JGE | BPF_K, section->first, 0, 1);
    emit(at, BPF_JMP | BPF_JGT | BPF_K, section->last, 0, 1);
    emit(at, BPF_JMP | BPF_JA, (uint32_t)length, 0, 0);
    emit_tree(at, section->intervals.items, section->intervals.count, 0);
    if (section->count > 0)
        memcpy(*at, section->program, section->count * sizeof(**at));
    *at += section->count;
}

size_t seccomp_sections_length(const struct seccomp_section *sections, size_t count) {
    size_t length = 1;
    for (size_t i = 0; i < count; i++)
        length += HEAD_LENGTH + tree_length(sections[i].intervals.count) + sections[i].count;
    return length;
}

void seccomp_sections_join(const struct seccomp_section *sections, size_t count,
                           uint32_t foreign_action, struct sock_filter *ret_instructions) {
    struct sock_filter *at = ret_instructions;
    for (size_t i = 0; i < count; i++)
        emit_section(&at, &sections[i]);
    emit(&at, BPF_RET | BPF_K, foreign_action, 0, 0);
}
