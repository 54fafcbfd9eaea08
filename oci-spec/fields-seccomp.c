/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of `linux.seccomp`. */
#include "oci-spec/fields.h"

/* A system call has six arguments. */
static const struct oci_field oci_seccomp_argument_fields[] = {
    OCI_NUMBER(oci_seccomp_argument, "index", index, 0, 5, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_seccomp_argument, "value", value, 0, UINT64_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_seccomp_argument, "valueTwo", value_two, 0, UINT64_MAX),
    OCI_CHOICE(oci_seccomp_argument, "op", op, names_seccomp_operators, .flags = OCI_REQUIRED),
};
static OCI_TYPE(oci_seccomp_argument);

/* The kernel returns 16 bits of data with an action. */
static const struct oci_field oci_seccomp_rule_fields[] = {
    OCI_FIELD(oci_seccomp_rule, "names", names, .flags = OCI_REQUIRED | OCI_NOT_EMPTY,
              .check = oci_check_not_empty),
    OCI_CHOICE(oci_seccomp_rule, "action", action, names_seccomp_actions, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_seccomp_rule, "errnoRet", errno_ret, 0, UINT16_MAX),
    OCI_OBJECTS(oci_seccomp_rule, "args", args, oci_seccomp_argument),
};
static OCI_TYPE(oci_seccomp_rule, .check = oci_check_seccomp_rule);

static const struct oci_field oci_seccomp_fields[] = {
    OCI_CHOICE(oci_seccomp, "defaultAction", default_action, names_seccomp_actions,
               .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_seccomp, "defaultErrnoRet", default_errno_ret, 0, UINT16_MAX),
    OCI_FIELD(oci_seccomp, "flags", flags, .names = names_seccomp_flags),
    OCI_FIELD(oci_seccomp, "listenerPath", listener_path, .flags = OCI_EMPTY_IS_ABSENT),
    OCI_FIELD(oci_seccomp, "listenerMetadata", listener_metadata, .flags = OCI_EMPTY_IS_ABSENT),
    OCI_FIELD(oci_seccomp, "architectures", architectures, .names = names_seccomp_architectures),
    OCI_OBJECTS(oci_seccomp, "syscalls", syscalls, oci_seccomp_rule),
};
OCI_TYPE(oci_seccomp, .check = oci_check_seccomp);
