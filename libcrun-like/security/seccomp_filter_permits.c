/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a filter lets those system calls pass that come after it is loaded. */
#include "config.h"

#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#ifdef HAVE_LIBSECCOMP
#include <seccomp.h>
#endif

#include "security/seccomp_filter.h"

/* AUDIT_ARCH_* of this machine; without libseccomp filters come as they are, and are not looked at.
 */
static uint32_t native_architecture(void) {
#ifdef HAVE_LIBSECCOMP
    return seccomp_arch_native();
#else
    return 0;
#endif
}

/* One step of those that seccomp(2) accepts in a filter and compilers use; -1: another one. */
static int jump(const struct sock_filter *step, uint32_t value) {
    switch (step->code) {
    case BPF_JMP | BPF_JEQ | BPF_K:
        return value == step->k ? step->jt : step->jf;
    case BPF_JMP | BPF_JGT | BPF_K:
        return value > step->k ? step->jt : step->jf;
    case BPF_JMP | BPF_JGE | BPF_K:
        return value >= step->k ? step->jt : step->jf;
    case BPF_JMP | BPF_JSET | BPF_K:
        return (value & step->k) != 0 ? step->jt : step->jf;
    case BPF_JMP | BPF_JA:
        return (int)step->k;
    default:
        return -1;
    }
}

/* SECCOMP_RET_* for a call of this machine's own architecture with arguments of 0. What is not
 * understood is left to the kernel. */
static uint32_t action_for(const struct seccomp_filter *filter, int number) {
    const struct seccomp_data data = {.nr = number, .arch = native_architecture()};
    uint32_t value = 0;
    if (data.arch == 0)
        return SECCOMP_RET_ALLOW;
    for (size_t at = 0; at < filter->count; at++) {
        const struct sock_filter *step = &filter->instructions[at];
        const int skipped = jump(step, value);
        if (step->code == (BPF_RET | BPF_K))
            return step->k;
        if (skipped >= 0)
            at += (size_t)skipped;
        else if (step->code == (BPF_LD | BPF_W | BPF_ABS) &&
                 step->k <= sizeof(data) - sizeof(value))
            memcpy(&value, (const char *)&data + step->k, sizeof(value));
        else if (step->code == (BPF_ALU | BPF_AND | BPF_K))
            value &= step->k;
        else
            return SECCOMP_RET_ALLOW;
    }
    return SECCOMP_RET_ALLOW;
}

static bool stops(const struct seccomp_filter *filter, int number) {
    const uint32_t action = action_for(filter, number) & SECCOMP_RET_ACTION_FULL;
    return action == SECCOMP_RET_KILL_PROCESS || action == SECCOMP_RET_KILL_THREAD ||
           action == SECCOMP_RET_TRAP || action == SECCOMP_RET_ERRNO;
}

int seccomp_filter_check(const struct seccomp_filter *filter, bool no_new_privileges,
                         const char *where, struct thole_error *err) {
    if (stops(filter, SYS_execve) && stops(filter, SYS_execveat))
        return error_config(err, where, "forbids execve: no program could be started");
    if (!no_new_privileges && stops(filter, SYS_capset))
        return error_config(err, where,
                            "forbids capset, by which the capabilities are set once the filter is "
                            "loaded: allow it, or set process.noNewPrivileges");
    return 0;
}
