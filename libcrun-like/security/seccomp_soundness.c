/* SPDX-License-Identifier: Apache-2.0 */
/* What the accumulator of a filter holds at each instruction. Jumps only lead forward: one pass. */
#include "security/seccomp_soundness.h"

#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>

/* What all ways to an instruction have loaded. */
struct accumulator {
    enum { UNREACHED, LOADED, MIXED } state;
    uint32_t offset; /* of the word in struct seccomp_data */
    uint32_t mask;   /* what is left of it */
};

static bool is_same(const struct accumulator *a, const struct accumulator *b) {
    return a->state == b->state && a->offset == b->offset && a->mask == b->mask;
}

static void reach(struct accumulator *at, const struct accumulator *now) {
    if (at->state == UNREACHED)
        *at = *now;
    else if (!is_same(at, now))
        at->state = MIXED;
}

/* Everything is at least 0: libseccomp asks for that as well. */
static bool reads(const struct sock_filter *instruction) {
    const unsigned class = BPF_CLASS(instruction->code);
    const unsigned op = BPF_OP(instruction->code);
    const bool always = op == BPF_JA || (op == BPF_JGE && instruction->k == 0);
    return class == BPF_ALU || (class == BPF_JMP && !always);
}

static struct accumulator after(struct accumulator now, const struct sock_filter *instruction) {
    if (BPF_CLASS(instruction->code) == BPF_LD)
        return (struct accumulator){LOADED, instruction->k, UINT32_MAX};
    if (BPF_CLASS(instruction->code) == BPF_ALU)
        now.mask &= instruction->k;
    return now;
}

static bool walk(const struct sock_filter *program, size_t count, struct accumulator *at) {
    for (size_t i = 0; i < count; i++) {
        const struct sock_filter *instruction = &program[i];
        const unsigned class = BPF_CLASS(instruction->code);
        if (at[i].state == UNREACHED || class == BPF_RET)
            continue;
        if (at[i].state == MIXED && reads(instruction))
            return false;
        const struct accumulator now = after(at[i], instruction);
        const bool always = class == BPF_JMP && BPF_OP(instruction->code) == BPF_JA;
        const size_t ways[] = {
            i + 1 +
                (always             ? instruction->k
                 : class == BPF_JMP ? instruction->jt
                                    : 0),
            i + 1 +
                (always             ? instruction->k
                 : class == BPF_JMP ? instruction->jf
                                    : 0),
        };
        for (size_t way = 0; way < 2; way++) {
            if (ways[way] >= count)
                return false;
            reach(&at[ways[way]], &now);
        }
    }
    return true;
}

bool seccomp_program_is_sound(const struct sock_filter *program, size_t count) {
    if (count == 0)
        return false;
    struct accumulator *at = calloc(count, sizeof(*at));
    if (at == NULL)
        abort();
    at[0] = (struct accumulator){LOADED, offsetof(struct seccomp_data, nr), UINT32_MAX};
    const bool sound = walk(program, count, at);
    free(at);
    return sound;
}
