/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the container's state and of the container process state (runtime-spec runtime.md).
 */
#include "oci-spec/fields.h"

/* The order is the one in which `state` prints; readers compare the text. */
static const struct oci_field oci_state_fields[] = {
    OCI_FIELD(oci_state, "ociVersion", oci_version, .flags = OCI_REQUIRED,
              .check = oci_check_version),
    OCI_FIELD(oci_state, "id", id, .flags = OCI_REQUIRED, .check = oci_check_not_empty),
    OCI_NUMBER(oci_state, "pid", pid, 0, INT32_MAX),
    OCI_FIELD(oci_state, "status", status, .flags = OCI_REQUIRED, .check = oci_check_not_empty),
    OCI_FIELD(oci_state, "bundle", bundle, .flags = OCI_REQUIRED),
    OCI_FIELD(oci_state, "rootfs", rootfs),
    OCI_FIELD(oci_state, "created", created),
    OCI_FIELD(oci_state, "annotations", annotations),
    OCI_FIELD(oci_state, "owner", owner),
    OCI_FIELD(oci_state, "systemd-scope", systemd_scope),
    OCI_NUMBER(oci_state, "exitStatus", exit_status, 0, INT32_MAX),
};
OCI_TYPE(oci_state);

static const struct oci_field oci_process_state_fields[] = {
    OCI_FIELD(oci_process_state, "ociVersion", oci_version, .flags = OCI_REQUIRED,
              .check = oci_check_version),
    OCI_FIELD(oci_process_state, "fds", fds),
    OCI_NUMBER(oci_process_state, "pid", pid, 0, INT32_MAX, .flags = OCI_REQUIRED),
    OCI_FIELD(oci_process_state, "metadata", metadata),
    OCI_OBJECT(oci_process_state, "state", state, oci_state, .flags = OCI_REQUIRED),
};
OCI_TYPE(oci_process_state);
