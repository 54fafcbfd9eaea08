/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of `linux` in config.json but for resources and seccomp (runtime-spec
 * config-linux.md). */
#include <linux/mempolicy.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <sys/personality.h>

#include "oci-spec/fields.h"

static const struct name_value namespace_types[] = {
    {"pid", CLONE_NEWPID},       {"network", CLONE_NEWNET}, {"mount", CLONE_NEWNS},
    {"ipc", CLONE_NEWIPC},       {"uts", CLONE_NEWUTS},     {"user", CLONE_NEWUSER},
    {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},   {0},
};

/* The specification names the first four; engines also give the recursive forms. */
static const struct name_value propagations[] = {
    {"shared", MS_SHARED},
    {"slave", MS_SLAVE},
    {"private", MS_PRIVATE},
    {"unbindable", MS_UNBINDABLE},
    {"rshared", MS_SHARED | MS_REC},
    {"rslave", MS_SLAVE | MS_REC},
    {"rprivate", MS_PRIVATE | MS_REC},
    {"runbindable", MS_UNBINDABLE | MS_REC},
    {0},
};

/* The kernel's dev_t. */
enum { DEVICE_MAJOR_MAX = (1 << 12) - 1, DEVICE_MINOR_MAX = (1 << 20) - 1 };

static const struct name_value device_types[] = {{"c", 0}, {"b", 0}, {"u", 0}, {"p", 0}, {0}};

static const struct name_value personality_domains[] = {
    {"LINUX", PER_LINUX},
    {"LINUX32", PER_LINUX32},
    {0},
};

/* The specification reserves the member and defines no flag yet. */
static const struct name_value personality_flags[] = {{0}};

static const struct name_value memory_policy_modes[] = {
    {"MPOL_DEFAULT", MPOL_DEFAULT},
    {"MPOL_PREFERRED", MPOL_PREFERRED},
    {"MPOL_BIND", MPOL_BIND},
    {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
    {"MPOL_LOCAL", MPOL_LOCAL},
    {"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
    {"MPOL_WEIGHTED_INTERLEAVE", 6}, /* Linux 6.9, newer than headers may be */
    {0},
};

const struct name_value oci_memory_policy_flags[] = {
    {"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
    {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
    {"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
    {0},
};

static const struct oci_field oci_id_mapping_fields[] = {
    OCI_NUMBER(oci_id_mapping, "containerID", container_id, 0, UINT32_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_id_mapping, "hostID", host_id, 0, UINT32_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_id_mapping, "size", size, 1, UINT32_MAX, .flags = OCI_REQUIRED),
};
OCI_TYPE(oci_id_mapping, .check = oci_check_id_mapping);

static const struct oci_field oci_namespace_fields[] = {
    OCI_CHOICE(oci_namespace, "type", type, namespace_types, .flags = OCI_REQUIRED),
    OCI_FIELD(oci_namespace, "path", path, .flags = OCI_EMPTY_IS_ABSENT,
              .check = oci_check_absolute_path),
};
static OCI_TYPE(oci_namespace);

/* What time_namespaces(7) takes: half of what fits into 64 bits as nanoseconds. */
#define CLOCK_SECONDS_MAX INT64_C(4611686018)

static const struct oci_field oci_time_offset_fields[] = {
    OCI_NUMBER(oci_time_offset, "secs", secs, -CLOCK_SECONDS_MAX, CLOCK_SECONDS_MAX),
    OCI_NUMBER(oci_time_offset, "nanosecs", nanosecs, 0, 999999999),
};
static OCI_TYPE(oci_time_offset);

static const struct oci_field oci_time_offsets_fields[] = {
    OCI_OBJECT(oci_time_offsets, "monotonic", monotonic, oci_time_offset),
    OCI_OBJECT(oci_time_offsets, "boottime", boottime, oci_time_offset),
};
static OCI_TYPE(oci_time_offsets);

/* fileMode: engines hand over st_mode whole, file type included, so more than 0777 is accepted. */
static const struct oci_field oci_device_fields[] = {
    OCI_FIELD(oci_device, "type", type, .flags = OCI_REQUIRED, .names = device_types),
    OCI_FIELD(oci_device, "path", path, .flags = OCI_REQUIRED, .check = oci_check_absolute_path),
    OCI_NUMBER(oci_device, "major", major, 0, DEVICE_MAJOR_MAX),
    OCI_NUMBER(oci_device, "minor", minor, 0, DEVICE_MINOR_MAX),
    OCI_NUMBER(oci_device, "fileMode", file_mode, 0, UINT32_MAX),
    OCI_NUMBER(oci_device, "uid", uid, 0, UINT32_MAX),
    OCI_NUMBER(oci_device, "gid", gid, 0, UINT32_MAX),
};
static OCI_TYPE(oci_device, .check = oci_check_device);

static const struct oci_field oci_net_device_fields[] = {
    OCI_FIELD(oci_net_device, "name", name, .flags = OCI_EMPTY_IS_ABSENT,
              .check = oci_check_interface),
};
static OCI_TYPE(oci_net_device);

static const struct oci_field oci_intel_rdt_fields[] = {
    OCI_FIELD(oci_intel_rdt, "closID", clos_id, .flags = OCI_EMPTY_IS_ABSENT,
              .check = oci_check_class_of_service),
    OCI_FIELD(oci_intel_rdt, "schemata", schemata, .check = oci_check_one_line),
    OCI_FIELD(oci_intel_rdt, "l3CacheSchema", l3_cache_schema, .flags = OCI_EMPTY_IS_ABSENT,
              .check = oci_check_one_line),
    OCI_FIELD(oci_intel_rdt, "memBwSchema", mem_bw_schema, .flags = OCI_EMPTY_IS_ABSENT,
              .check = oci_check_memory_bandwidth),
    OCI_FIELD(oci_intel_rdt, "enableMonitoring", enable_monitoring),
};
static OCI_TYPE(oci_intel_rdt);

static const struct oci_field oci_personality_fields[] = {
    OCI_CHOICE(oci_personality, "domain", domain, personality_domains, .flags = OCI_REQUIRED),
    OCI_FIELD(oci_personality, "flags", flags, .names = personality_flags),
};
static OCI_TYPE(oci_personality);

static const struct oci_field oci_memory_policy_fields[] = {
    OCI_CHOICE(oci_memory_policy, "mode", mode, memory_policy_modes, .flags = OCI_REQUIRED),
    OCI_FIELD(oci_memory_policy, "nodes", nodes),
    OCI_FIELD(oci_memory_policy, "flags", flags, .names = oci_memory_policy_flags),
};
static OCI_TYPE(oci_memory_policy);

static const struct oci_field oci_linux_fields[] = {
    OCI_OBJECTS(oci_linux, "uidMappings", uid_mappings, oci_id_mapping),
    OCI_OBJECTS(oci_linux, "gidMappings", gid_mappings, oci_id_mapping),
    OCI_FIELD(oci_linux, "sysctl", sysctl, .check = oci_check_not_empty),
    OCI_OBJECT(oci_linux, "resources", resources, oci_resources),
    OCI_FIELD(oci_linux, "cgroupsPath", cgroups_path, .flags = OCI_EMPTY_IS_ABSENT),
    OCI_OBJECTS(oci_linux, "namespaces", namespaces, oci_namespace),
    OCI_OBJECTS(oci_linux, "devices", devices, oci_device),
    OCI_OBJECT_MAP(oci_linux, "netDevices", net_devices, oci_net_device,
                   .check = oci_check_interface),
    OCI_OBJECT(oci_linux, "seccomp", seccomp, oci_seccomp),
    OCI_CHOICE(oci_linux, "rootfsPropagation", rootfs_propagation, propagations,
               .flags = OCI_EMPTY_IS_ABSENT),
    OCI_FIELD(oci_linux, "maskedPaths", masked_paths, .check = oci_check_absolute_path),
    OCI_FIELD(oci_linux, "readonlyPaths", readonly_paths, .check = oci_check_absolute_path),
    OCI_FIELD(oci_linux, "mountLabel", mount_label, .flags = OCI_EMPTY_IS_ABSENT),
    OCI_OBJECT(oci_linux, "intelRdt", intel_rdt, oci_intel_rdt),
    OCI_OBJECT(oci_linux, "personality", personality, oci_personality),
    OCI_OBJECT(oci_linux, "timeOffsets", time_offsets, oci_time_offsets),
    OCI_OBJECT(oci_linux, "memoryPolicy", memory_policy, oci_memory_policy),
};
OCI_TYPE(oci_linux, .check = oci_check_linux);
