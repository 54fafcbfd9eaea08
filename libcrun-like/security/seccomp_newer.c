/* SPDX-License-Identifier: Apache-2.0 */
/* ENOSYS for system calls that are newer than a seccomp profile. */
#include "security/seccomp_newer.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

void seccomp_newer_build(const struct seccomp_newest *entries, size_t count,
                         struct sock_filter *ret_instructions) {
    for (size_t i = 0; i < count; i++) {
        /* Jumps count the instructions skipped; the end of the block is the next entry, or the
         * profile's own filter. The kernel's cache of always-allowed calls understands all of it.
         */
        const struct sock_filter block[SECCOMP_NEWER_LENGTH] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, entries[i].audit_architecture, 0, 5),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, entries[i].first, 0, 3),
            BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, entries[i].last, 2, 0),
            BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, entries[i].newest, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        };
        memcpy(ret_instructions + i * SECCOMP_NEWER_LENGTH, block, sizeof(block));
    }
}
