/* SPDX-License-Identifier: Apache-2.0 */
/* The vocabulary of linux.seccomp: actions, operators, architectures, flags. */
#include "security/seccomp_names.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"

/* libseccomp's SCMP_ACT_* words are the kernel's; the low 16 bits carry the errno. */
#define ACTIONS(ROW)                                           \
    ROW("SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, 0)           \
    ROW("SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, 0)  \
    ROW("SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, 0)    \
    ROW("SCMP_ACT_TRAP", SECCOMP_RET_TRAP, 0)                  \
    ROW("SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, SECCOMP_RET_DATA) \
    ROW("SCMP_ACT_TRACE", SECCOMP_RET_TRACE, SECCOMP_RET_DATA) \
    ROW("SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, 0)                \
    ROW("SCMP_ACT_LOG", SECCOMP_RET_LOG, 0)                    \
    ROW("SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF, 0)

#define FLAGS(ROW)                                                        \
    ROW("SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC)           \
    ROW("SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG)               \
    ROW("SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW) \
    /* The kernel takes this one only together with a listener. */        \
    ROW("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV",                         \
        SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV | SECCOMP_FILTER_FLAG_NEW_LISTENER)

#define ACTION_NAME(name, value, mask) name,
#define ACTION_ROW(name, value, mask) {name, value, mask},
#define FLAG_NAME(name, value) name,
#define FLAG_VALUE(name, value) value,

const char *const seccomp_known_actions[] = {ACTIONS(ACTION_NAME) NULL};
static const struct {
    const char *name;
    uint32_t value;
    uint32_t errno_mask;
} actions[] = {ACTIONS(ACTION_ROW)};

const char *const seccomp_known_flags[] = {FLAGS(FLAG_NAME) NULL};
static const unsigned long flag_values[] = {FLAGS(FLAG_VALUE)};

/* In the order of enum scmp_compare, which starts with 1. */
const char *const seccomp_known_operators[] = {
    "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE",        "SCMP_CMP_EQ",
    "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ", NULL,
};

/* libseccomp makes filters for the architectures of the machine's own byte order alone. */
const char *const seccomp_known_architectures[] = {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    "SCMP_ARCH_MIPS",
    "SCMP_ARCH_MIPS64",
    "SCMP_ARCH_MIPS64N32",
    "SCMP_ARCH_PPC",
    "SCMP_ARCH_PPC64",
    "SCMP_ARCH_S390",
    "SCMP_ARCH_S390X",
    "SCMP_ARCH_PARISC",
    "SCMP_ARCH_PARISC64",
    "SCMP_ARCH_M68K",
    "SCMP_ARCH_SHEB",
#else
    "SCMP_ARCH_X86",
    "SCMP_ARCH_X86_64",
    "SCMP_ARCH_X32",
    "SCMP_ARCH_ARM",
    "SCMP_ARCH_AARCH64",
    "SCMP_ARCH_MIPSEL",
    "SCMP_ARCH_MIPSEL64",
    "SCMP_ARCH_MIPSEL64N32",
    "SCMP_ARCH_PPC64LE",
    "SCMP_ARCH_RISCV64",
    "SCMP_ARCH_LOONGARCH64",
    "SCMP_ARCH_SH",
#endif
    NULL,
};

bool seccomp_action_value(const char *action, uint32_t errno_ret, uint32_t *ret_value) {
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, action) != 0)
            continue;
        *ret_value = actions[i].value | (errno_ret & actions[i].errno_mask);
        return true;
    }
    return false;
}

unsigned seccomp_operator_value(const char *operator_name) {
    for (unsigned i = 0; seccomp_known_operators[i] != NULL; i++) {
        if (strcmp(seccomp_known_operators[i], operator_name) == 0)
            return i + 1;
    }
    return 0;
}

bool seccomp_architecture_word(const char *name, char *buffer, size_t size) {
    static const char prefix[] = "SCMP_ARCH_";
    if (!text_starts_with(name, prefix))
        return false;
    const char *word = name + sizeof(prefix) - 1;
    size_t length = strlen(word);
    if (length == 0 || length >= size)
        return false;
    for (size_t i = 0; i <= length; i++)
        buffer[i] = (char)tolower((unsigned char)word[i]);
    return true;
}

size_t seccomp_supported_flags(const char *ret_flags[], size_t capacity) {
    size_t count = 0;
    for (size_t i = 0; seccomp_known_flags[i] != NULL && count < capacity; i++) {
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flag_values[i], NULL) < 0 &&
            errno == EFAULT)
            ret_flags[count++] = seccomp_known_flags[i];
    }
    return count;
}
