/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of config.json: top level, root, mounts and hooks (runtime-spec config.md). */
#include "oci-spec/fields.h"

static const struct oci_field oci_root_fields[] = {
    OCI_FIELD(oci_root, "path", path, .flags = OCI_REQUIRED, .check = oci_check_path),
    OCI_FIELD(oci_root, "readonly", readonly),
};
static OCI_TYPE(oci_root);

static const struct oci_field oci_mount_fields[] = {
    OCI_FIELD(oci_mount, "destination", destination, .flags = OCI_REQUIRED,
              .check = oci_check_path),
    OCI_FIELD(oci_mount, "type", type),
    OCI_FIELD(oci_mount, "source", source, .check = oci_check_source),
    OCI_FIELD(oci_mount, "options", options),
    OCI_OBJECTS(oci_mount, "uidMappings", uid_mappings, oci_id_mapping),
    OCI_OBJECTS(oci_mount, "gidMappings", gid_mappings, oci_id_mapping),
};
static OCI_TYPE(oci_mount, .check = oci_check_mount);

static const struct oci_field oci_mount_list_fields[] = {
    OCI_OBJECTS(oci_mount_list, "mounts", mounts, oci_mount),
};
OCI_TYPE(oci_mount_list, .is_list = true);

static const struct oci_field oci_hook_fields[] = {
    OCI_FIELD(oci_hook, "path", path, .flags = OCI_REQUIRED, .check = oci_check_absolute_path),
    OCI_FIELD(oci_hook, "args", args),
    OCI_FIELD(oci_hook, "env", env),
    OCI_NUMBER(oci_hook, "timeout", timeout, 1, INT32_MAX),
};
static OCI_TYPE(oci_hook);

static const struct oci_field oci_hooks_fields[] = {
    OCI_OBJECTS(oci_hooks, "prestart", prestart, oci_hook),
    OCI_OBJECTS(oci_hooks, "createRuntime", create_runtime, oci_hook),
    OCI_OBJECTS(oci_hooks, "createContainer", create_container, oci_hook),
    OCI_OBJECTS(oci_hooks, "startContainer", start_container, oci_hook),
    OCI_OBJECTS(oci_hooks, "poststart", poststart, oci_hook),
    OCI_OBJECTS(oci_hooks, "poststop", poststop, oci_hook),
};
static OCI_TYPE(oci_hooks);

static const struct oci_field oci_config_fields[] = {
    OCI_FIELD(oci_config, "ociVersion", oci_version, .flags = OCI_REQUIRED,
              .check = oci_check_config_version),
    OCI_OBJECT(oci_config, "process", process, oci_process),
    OCI_OBJECT(oci_config, "root", root, oci_root, .flags = OCI_REQUIRED),
    OCI_FIELD(oci_config, "hostname", hostname, .flags = OCI_EMPTY_IS_ABSENT,
              .check = oci_check_host_name),
    OCI_FIELD(oci_config, "domainname", domainname, .flags = OCI_EMPTY_IS_ABSENT,
              .check = oci_check_host_name),
    OCI_OBJECTS(oci_config, "mounts", mounts, oci_mount),
    OCI_OBJECT(oci_config, "hooks", hooks, oci_hooks),
    OCI_FIELD(oci_config, "annotations", annotations, .check = oci_check_not_empty),
    OCI_OBJECT(oci_config, "linux", linux, oci_linux),
    OCI_FOREIGN("solaris"),
    OCI_FOREIGN("windows"),
    OCI_FOREIGN("vm"),
    OCI_FOREIGN("zos"),
    OCI_FOREIGN("freebsd"),
};
OCI_TYPE(oci_config, .misspelt = offsetof(struct oci_config, misspelt));
