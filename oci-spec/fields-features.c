/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the features document (runtime-spec features.md and features-linux.md). */
#include "oci-spec/fields.h"

static const struct oci_field oci_features_flag_fields[] = {
    OCI_FIELD(oci_features_flag, "enabled", enabled),
};
static OCI_TYPE(oci_features_flag);

static const struct oci_field oci_features_cgroup_fields[] = {
    OCI_FIELD(oci_features_cgroup, "v1", v1),
    OCI_FIELD(oci_features_cgroup, "v2", v2),
    OCI_FIELD(oci_features_cgroup, "systemd", systemd),
    OCI_FIELD(oci_features_cgroup, "systemdUser", systemd_user),
    OCI_FIELD(oci_features_cgroup, "rdma", rdma),
};
static OCI_TYPE(oci_features_cgroup);

static const struct oci_field oci_features_seccomp_fields[] = {
    OCI_FIELD(oci_features_seccomp, "enabled", enabled),
    OCI_FIELD(oci_features_seccomp, "actions", actions),
    OCI_FIELD(oci_features_seccomp, "operators", operators),
    OCI_FIELD(oci_features_seccomp, "archs", archs),
    OCI_FIELD(oci_features_seccomp, "knownFlags", known_flags),
    OCI_FIELD(oci_features_seccomp, "supportedFlags", supported_flags),
};
static OCI_TYPE(oci_features_seccomp);

static const struct oci_field oci_features_intel_rdt_fields[] = {
    OCI_FIELD(oci_features_intel_rdt, "enabled", enabled),
    OCI_FIELD(oci_features_intel_rdt, "schemata", schemata),
    OCI_FIELD(oci_features_intel_rdt, "monitoring", monitoring),
};
static OCI_TYPE(oci_features_intel_rdt);

static const struct oci_field oci_features_memory_policy_fields[] = {
    OCI_FIELD(oci_features_memory_policy, "modes", modes),
    OCI_FIELD(oci_features_memory_policy, "flags", flags),
};
static OCI_TYPE(oci_features_memory_policy);

static const struct oci_field oci_features_mount_extensions_fields[] = {
    OCI_OBJECT(oci_features_mount_extensions, "idmap", idmap, oci_features_flag),
};
static OCI_TYPE(oci_features_mount_extensions);

static const struct oci_field oci_features_linux_fields[] = {
    OCI_FIELD(oci_features_linux, "namespaces", namespaces),
    OCI_FIELD(oci_features_linux, "capabilities", capabilities),
    OCI_OBJECT(oci_features_linux, "cgroup", cgroup, oci_features_cgroup),
    OCI_OBJECT(oci_features_linux, "seccomp", seccomp, oci_features_seccomp),
    OCI_OBJECT(oci_features_linux, "apparmor", apparmor, oci_features_flag),
    OCI_OBJECT(oci_features_linux, "selinux", selinux, oci_features_flag),
    OCI_OBJECT(oci_features_linux, "intelRdt", intel_rdt, oci_features_intel_rdt),
    OCI_OBJECT(oci_features_linux, "memoryPolicy", memory_policy, oci_features_memory_policy),
    OCI_OBJECT(oci_features_linux, "mountExtensions", mount_extensions,
               oci_features_mount_extensions),
    OCI_OBJECT(oci_features_linux, "netDevices", net_devices, oci_features_flag),
};
static OCI_TYPE(oci_features_linux);

static const struct oci_field oci_features_fields[] = {
    OCI_FIELD(oci_features, "ociVersionMin", oci_version_min, .flags = OCI_REQUIRED,
              .check = oci_check_version),
    OCI_FIELD(oci_features, "ociVersionMax", oci_version_max, .flags = OCI_REQUIRED,
              .check = oci_check_version),
    OCI_FIELD(oci_features, "hooks", hooks),
    OCI_FIELD(oci_features, "mountOptions", mount_options),
    OCI_OBJECT(oci_features, "linux", linux, oci_features_linux),
    OCI_FIELD(oci_features, "annotations", annotations, .check = oci_check_not_empty),
    OCI_FIELD(oci_features, "potentiallyUnsafeConfigAnnotations",
              potentially_unsafe_config_annotations),
};
OCI_TYPE(oci_features);
