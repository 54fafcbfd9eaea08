/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of `linux.seccomp`. The strings stay strings: security/ gives them to libseccomp. */
#include <linux/seccomp.h>

#include "oci-spec/fields.h"

static const struct name_value actions[] = {
    {"SCMP_ACT_KILL", 0},        {"SCMP_ACT_KILL_PROCESS", 0},
    {"SCMP_ACT_KILL_THREAD", 0}, {"SCMP_ACT_TRAP", 0},
    {"SCMP_ACT_ERRNO", 0},       {"SCMP_ACT_TRACE", 0},
    {"SCMP_ACT_ALLOW", 0},       {"SCMP_ACT_LOG", 0},
    {"SCMP_ACT_NOTIFY", 0},      {0},
};

static const struct name_value architectures[] = {
    {"SCMP_ARCH_X86", 0},         {"SCMP_ARCH_X86_64", 0},  {"SCMP_ARCH_X32", 0},
    {"SCMP_ARCH_ARM", 0},         {"SCMP_ARCH_AARCH64", 0}, {"SCMP_ARCH_LOONGARCH64", 0},
    {"SCMP_ARCH_M68K", 0},        {"SCMP_ARCH_MIPS", 0},    {"SCMP_ARCH_MIPS64", 0},
    {"SCMP_ARCH_MIPS64N32", 0},   {"SCMP_ARCH_MIPSEL", 0},  {"SCMP_ARCH_MIPSEL64", 0},
    {"SCMP_ARCH_MIPSEL64N32", 0}, {"SCMP_ARCH_PPC", 0},     {"SCMP_ARCH_PPC64", 0},
    {"SCMP_ARCH_PPC64LE", 0},     {"SCMP_ARCH_S390", 0},    {"SCMP_ARCH_S390X", 0},
    {"SCMP_ARCH_SH", 0},          {"SCMP_ARCH_SHEB", 0},    {"SCMP_ARCH_PARISC", 0},
    {"SCMP_ARCH_PARISC64", 0},    {"SCMP_ARCH_RISCV64", 0}, {0},
};

const struct name_value oci_seccomp_flags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
    {0},
};

static const struct name_value operators[] = {
    {"SCMP_CMP_NE", 0}, {"SCMP_CMP_LT", 0}, {"SCMP_CMP_LE", 0},        {"SCMP_CMP_EQ", 0},
    {"SCMP_CMP_GE", 0}, {"SCMP_CMP_GT", 0}, {"SCMP_CMP_MASKED_EQ", 0}, {0},
};

/* A system call has six arguments. */
static const struct oci_field oci_seccomp_argument_fields[] = {
    OCI_NUMBER(oci_seccomp_argument, "index", index, 0, 5, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_seccomp_argument, "value", value, 0, UINT64_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_seccomp_argument, "valueTwo", value_two, 0, UINT64_MAX),
    OCI_FIELD(oci_seccomp_argument, "op", op, .flags = OCI_REQUIRED, .names = operators),
};
static OCI_TYPE(oci_seccomp_argument);

/* The kernel returns 16 bits of data with an action. */
static const struct oci_field oci_seccomp_rule_fields[] = {
    OCI_FIELD(oci_seccomp_rule, "names", names, .flags = OCI_REQUIRED, .minimum = 1,
              .check = oci_check_not_empty),
    OCI_FIELD(oci_seccomp_rule, "action", action, .flags = OCI_REQUIRED, .names = actions),
    OCI_NUMBER(oci_seccomp_rule, "errnoRet", errno_ret, 0, UINT16_MAX),
    OCI_OBJECTS(oci_seccomp_rule, "args", args, oci_seccomp_argument),
};
static OCI_TYPE(oci_seccomp_rule, .check = oci_check_seccomp_rule);

static const struct oci_field oci_seccomp_fields[] = {
    OCI_FIELD(oci_seccomp, "defaultAction", default_action, .flags = OCI_REQUIRED,
              .names = actions),
    OCI_NUMBER(oci_seccomp, "defaultErrnoRet", default_errno_ret, 0, UINT16_MAX),
    OCI_FIELD(oci_seccomp, "flags", flags, .names = oci_seccomp_flags),
    OCI_FIELD(oci_seccomp, "listenerPath", listener_path, .flags = OCI_EMPTY_IS_ABSENT),
    OCI_FIELD(oci_seccomp, "listenerMetadata", listener_metadata, .flags = OCI_EMPTY_IS_ABSENT),
    OCI_FIELD(oci_seccomp, "architectures", architectures, .names = architectures),
    OCI_OBJECTS(oci_seccomp, "syscalls", syscalls, oci_seccomp_rule),
};
OCI_TYPE(oci_seccomp, .check = oci_check_seccomp);
