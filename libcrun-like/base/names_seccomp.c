/* SPDX-License-Identifier: Apache-2.0 */
/* The words of linux.seccomp, which are those of libseccomp. */
#include <linux/seccomp.h>

#include "base/names.h"

const struct name_value names_seccomp_actions[] = {
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_KILL_PROCESS", (int)SECCOMP_RET_KILL_PROCESS},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG},
    {"SCMP_ACT_NOTIFY", SECCOMP_RET_USER_NOTIF},
    {0},
};

const struct name_value names_seccomp_flags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
    {0},
};

const struct name_value names_seccomp_operators[] = {
    {"SCMP_CMP_NE", 1}, {"SCMP_CMP_LT", 2}, {"SCMP_CMP_LE", 3},        {"SCMP_CMP_EQ", 4},
    {"SCMP_CMP_GE", 5}, {"SCMP_CMP_GT", 6}, {"SCMP_CMP_MASKED_EQ", 7}, {0},
};

#define LITTLE __ORDER_LITTLE_ENDIAN__
#define BIG __ORDER_BIG_ENDIAN__
const struct name_value names_seccomp_architectures[] = {
    {"SCMP_ARCH_X86", LITTLE},         {"SCMP_ARCH_X86_64", LITTLE},
    {"SCMP_ARCH_X32", LITTLE},         {"SCMP_ARCH_ARM", LITTLE},
    {"SCMP_ARCH_AARCH64", LITTLE},     {"SCMP_ARCH_LOONGARCH64", LITTLE},
    {"SCMP_ARCH_M68K", BIG},           {"SCMP_ARCH_MIPS", BIG},
    {"SCMP_ARCH_MIPS64", BIG},         {"SCMP_ARCH_MIPS64N32", BIG},
    {"SCMP_ARCH_MIPSEL", LITTLE},      {"SCMP_ARCH_MIPSEL64", LITTLE},
    {"SCMP_ARCH_MIPSEL64N32", LITTLE}, {"SCMP_ARCH_PPC", BIG},
    {"SCMP_ARCH_PPC64", BIG},          {"SCMP_ARCH_PPC64LE", LITTLE},
    {"SCMP_ARCH_S390", BIG},           {"SCMP_ARCH_S390X", BIG},
    {"SCMP_ARCH_SH", LITTLE},          {"SCMP_ARCH_SHEB", BIG},
    {"SCMP_ARCH_PARISC", BIG},         {"SCMP_ARCH_PARISC64", BIG},
    {"SCMP_ARCH_RISCV64", LITTLE},     {0},
};
