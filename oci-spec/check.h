/* SPDX-License-Identifier: Apache-2.0 */
/* What values have to look like beyond their JSON type. Internal to oci-spec. */
#pragma once

struct oci_reader;

/** Returns NULL if @value is good, else what it should be: "must be <result>, not <value>". */
typedef const char *oci_value_check(const char *value);

oci_value_check oci_check_not_empty;
oci_value_check oci_check_path;
oci_value_check oci_check_source;
oci_value_check oci_check_absolute_path;
oci_value_check oci_check_host_name;
oci_value_check oci_check_kernel_list;
oci_value_check oci_check_version;
oci_value_check oci_check_config_version;
oci_value_check oci_check_environment;
oci_value_check oci_check_cpu_list;
oci_value_check oci_check_interface;
oci_value_check oci_check_device_access;
oci_value_check oci_check_page_size;
oci_value_check oci_check_cgroup_file;
oci_value_check oci_check_one_line;
oci_value_check oci_check_memory_bandwidth;
oci_value_check oci_check_class_of_service;

/** Compares the members of one object with each other; each fault goes to oci_complain() of
 * oci-spec/reader.h. */
typedef void oci_object_check(const void *object, struct oci_reader *reader);

oci_object_check oci_check_process;
oci_object_check oci_check_rlimit;
oci_object_check oci_check_mount;
oci_object_check oci_check_id_mapping;
oci_object_check oci_check_linux;
oci_object_check oci_check_device;
oci_object_check oci_check_cpu;
oci_object_check oci_check_seccomp;
oci_object_check oci_check_seccomp_rule;
