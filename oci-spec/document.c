/* SPDX-License-Identifier: Apache-2.0 */
/* The documents there are, each a table given to the reader or the writer. */
#include "oci-spec/document.h"

#include "oci-spec/fields.h"
#include "oci-spec/reader.h"
#include "oci-spec/writer.h"

int oci_read_config(const char *json, size_t length, struct arena *arena, struct oci_report *report,
                    struct oci_config **ret_config, struct thole_error *err) {
    *ret_config = oci_read(&oci_config_type, json, length, arena, report, err);
    return *ret_config != NULL ? 0 : -1;
}

int oci_read_process(const char *json, size_t length, struct arena *arena,
                     struct oci_process **ret_process, struct thole_error *err) {
    *ret_process = oci_read(&oci_process_type, json, length, arena, NULL, err);
    return *ret_process != NULL ? 0 : -1;
}

int oci_read_resources(const char *json, size_t length, struct arena *arena,
                       struct oci_resources **ret_resources, struct thole_error *err) {
    *ret_resources = oci_read(&oci_resources_type, json, length, arena, NULL, err);
    return *ret_resources != NULL ? 0 : -1;
}

int oci_read_mounts(const char *json, size_t length, struct arena *arena,
                    struct oci_mount_list **ret_mounts, struct thole_error *err) {
    *ret_mounts = oci_read(&oci_mount_list_type, json, length, arena, NULL, err);
    return *ret_mounts != NULL ? 0 : -1;
}

int oci_read_state(const char *json, size_t length, struct arena *arena,
                   struct oci_state **ret_state, struct thole_error *err) {
    *ret_state = oci_read(&oci_state_type, json, length, arena, NULL, err);
    return *ret_state != NULL ? 0 : -1;
}

char *oci_write_state(const struct oci_state *state, int indent) {
    return oci_write(&oci_state_type, state, indent);
}

char *oci_write_process_state(const struct oci_process_state *state, int indent) {
    return oci_write(&oci_process_state_type, state, indent);
}

char *oci_write_features(const struct oci_features *features, int indent) {
    return oci_write(&oci_features_type, features, indent);
}
