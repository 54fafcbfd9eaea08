/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of `linux.resources`, which is also the document `update --resources` reads. */
#include "oci-spec/fields.h"

/* Limits take -1 for "unlimited"; other negative numbers mean nothing. */
enum { UNLIMITED = -1 };

/* Limits of the kernel, which says no more of what is beyond them than "Invalid argument". */
#define BANDWIDTH_MAX ((INT64_C(1) << 44) - 1) /* microseconds */
enum { PERIOD_MAX = 1000000, PIDS_MAX = 4 * 1024 * 1024 };

static const struct name_value device_rule_types[] = {{"a", 0}, {"c", 0}, {"b", 0}, {0}};

static const struct oci_field oci_device_rule_fields[] = {
    OCI_FIELD(oci_device_rule, "allow", allow, .flags = OCI_REQUIRED),
    OCI_FIELD(oci_device_rule, "type", type, .flags = OCI_EMPTY_IS_ABSENT,
              .names = device_rule_types),
    OCI_NUMBER(oci_device_rule, "major", major, -1, UINT32_MAX),
    OCI_NUMBER(oci_device_rule, "minor", minor, -1, UINT32_MAX),
    OCI_FIELD(oci_device_rule, "access", access, .check = oci_check_device_access),
};
OCI_TYPE(oci_device_rule);

static const struct oci_field oci_memory_fields[] = {
    OCI_NUMBER(oci_memory, "limit", limit, UNLIMITED, INT64_MAX),
    OCI_NUMBER(oci_memory, "reservation", reservation, UNLIMITED, INT64_MAX),
    OCI_NUMBER(oci_memory, "swap", swap, UNLIMITED, INT64_MAX),
    OCI_NUMBER(oci_memory, "kernel", kernel, UNLIMITED, INT64_MAX),
    OCI_NUMBER(oci_memory, "kernelTCP", kernel_tcp, UNLIMITED, INT64_MAX),
    OCI_NUMBER(oci_memory, "swappiness", swappiness, 0, 100),
    OCI_FIELD(oci_memory, "disableOOMKiller", disable_oom_killer),
    OCI_FIELD(oci_memory, "useHierarchy", use_hierarchy),
    OCI_FIELD(oci_memory, "checkBeforeUpdate", check_before_update),
};
static OCI_TYPE(oci_memory);

static const struct oci_field oci_cpu_fields[] = {
    OCI_NUMBER(oci_cpu, "shares", shares, 0, UINT64_MAX),
    OCI_NUMBER(oci_cpu, "quota", quota, UNLIMITED, BANDWIDTH_MAX),
    OCI_NUMBER(oci_cpu, "burst", burst, 0, BANDWIDTH_MAX),
    OCI_NUMBER(oci_cpu, "period", period, 0, PERIOD_MAX),
    OCI_NUMBER(oci_cpu, "realtimeRuntime", realtime_runtime, UNLIMITED, INT64_MAX),
    OCI_NUMBER(oci_cpu, "realtimePeriod", realtime_period, 0, UINT64_MAX),
    OCI_FIELD(oci_cpu, "cpus", cpus, .check = oci_check_kernel_list),
    OCI_FIELD(oci_cpu, "mems", mems, .check = oci_check_kernel_list),
    OCI_NUMBER(oci_cpu, "idle", idle, 0, 1),
};
static OCI_TYPE(oci_cpu, .check = oci_check_cpu);

static const struct oci_field oci_pids_fields[] = {
    OCI_NUMBER(oci_pids, "limit", limit, UNLIMITED, PIDS_MAX),
};
static OCI_TYPE(oci_pids);

static const struct oci_field oci_weight_device_fields[] = {
    OCI_NUMBER(oci_weight_device, "major", major, 0, UINT32_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_weight_device, "minor", minor, 0, UINT32_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_weight_device, "weight", weight, 0, UINT16_MAX),
    OCI_NUMBER(oci_weight_device, "leafWeight", leaf_weight, 0, UINT16_MAX),
};
static OCI_TYPE(oci_weight_device);

static const struct oci_field oci_throttle_device_fields[] = {
    OCI_NUMBER(oci_throttle_device, "major", major, 0, UINT32_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_throttle_device, "minor", minor, 0, UINT32_MAX, .flags = OCI_REQUIRED),
    OCI_NUMBER(oci_throttle_device, "rate", rate, 0, UINT64_MAX, .flags = OCI_REQUIRED),
};
static OCI_TYPE(oci_throttle_device);

static const struct oci_field oci_block_io_fields[] = {
    OCI_NUMBER(oci_block_io, "weight", weight, 0, UINT16_MAX),
    OCI_NUMBER(oci_block_io, "leafWeight", leaf_weight, 0, UINT16_MAX),
    OCI_OBJECTS(oci_block_io, "weightDevice", weight_device, oci_weight_device),
    OCI_OBJECTS(oci_block_io, "throttleReadBpsDevice", throttle_read_bps, oci_throttle_device),
    OCI_OBJECTS(oci_block_io, "throttleWriteBpsDevice", throttle_write_bps, oci_throttle_device),
    OCI_OBJECTS(oci_block_io, "throttleReadIOPSDevice", throttle_read_iops, oci_throttle_device),
    OCI_OBJECTS(oci_block_io, "throttleWriteIOPSDevice", throttle_write_iops, oci_throttle_device),
};
static OCI_TYPE(oci_block_io);

static const struct oci_field oci_hugepage_limit_fields[] = {
    OCI_FIELD(oci_hugepage_limit, "pageSize", page_size, .flags = OCI_REQUIRED,
              .check = oci_check_page_size),
    OCI_NUMBER(oci_hugepage_limit, "limit", limit, 0, UINT64_MAX, .flags = OCI_REQUIRED),
};
static OCI_TYPE(oci_hugepage_limit);

static const struct oci_field oci_interface_priority_fields[] = {
    OCI_FIELD(oci_interface_priority, "name", name, .flags = OCI_REQUIRED,
              .check = oci_check_interface),
    OCI_NUMBER(oci_interface_priority, "priority", priority, 0, UINT32_MAX, .flags = OCI_REQUIRED),
};
static OCI_TYPE(oci_interface_priority);

static const struct oci_field oci_network_fields[] = {
    OCI_NUMBER(oci_network, "classID", class_id, 0, UINT32_MAX),
    OCI_OBJECTS(oci_network, "priorities", priorities, oci_interface_priority),
};
static OCI_TYPE(oci_network);

static const struct oci_field oci_rdma_fields[] = {
    OCI_NUMBER(oci_rdma, "hcaHandles", hca_handles, 0, UINT32_MAX),
    OCI_NUMBER(oci_rdma, "hcaObjects", hca_objects, 0, UINT32_MAX),
};
static OCI_TYPE(oci_rdma);

static const struct oci_field oci_resources_fields[] = {
    OCI_OBJECTS(oci_resources, "devices", devices, oci_device_rule),
    OCI_OBJECT(oci_resources, "memory", memory, oci_memory),
    OCI_OBJECT(oci_resources, "cpu", cpu, oci_cpu),
    OCI_OBJECT(oci_resources, "pids", pids, oci_pids),
    OCI_OBJECT(oci_resources, "blockIO", block_io, oci_block_io),
    OCI_OBJECTS(oci_resources, "hugepageLimits", hugepage_limits, oci_hugepage_limit),
    OCI_OBJECT(oci_resources, "network", network, oci_network),
    OCI_OBJECT_MAP(oci_resources, "rdma", rdma, oci_rdma, .check = oci_check_not_empty),
    OCI_FIELD(oci_resources, "unified", unified, .check = oci_check_cgroup_file),
};
OCI_TYPE(oci_resources);
