/* SPDX-License-Identifier: Apache-2.0 */
/* One seccomp program out of one for each architecture. */
#include "security/seccomp_sections.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_LENGTH = 8 };

void seccomp_sections_done(struct seccomp_section *sections, size_t count) {
    for (size_t i = 0; i < count; i++)
        free(sections[i].program);
}

size_t seccomp_sections_length(const struct seccomp_section *sections, size_t count) {
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += HEAD_LENGTH + sections[i].count;
    return length;
}

void seccomp_sections_join(const struct seccomp_section *sections, size_t count,
                           struct sock_filter *ret_instructions) {
    struct sock_filter *at = ret_instructions;
    for (size_t i = 0; i < count; i++) {
        const struct seccomp_section *section = &sections[i];
        /* Over the rest of this head, and over the program unless it is the last. */
        const uint32_t to_next = 2 + (i + 1 < count ? (uint32_t)section->count : 0);
        /* Jumps count the instructions skipped, conditional ones 255 at most. The kernel's cache of
         * calls that are always allowed understands all of it. */
        const struct sock_filter head[HEAD_LENGTH] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, section->audit_architecture, 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, section->first, 0, 1),
            BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, section->last, 0, 1),
            BPF_STMT(BPF_JMP | BPF_JA, to_next),
            BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, section->newest, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        };
        memcpy(at, head, sizeof(head));
        at += HEAD_LENGTH;
        memcpy(at, section->program, section->count * sizeof(*at));
        at += section->count;
    }
}
