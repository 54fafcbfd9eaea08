/* SPDX-License-Identifier: Apache-2.0 */
/* The documents there are, each a table given to the reader or the writer. */
#include "oci-spec/document.h"

#include "oci-spec/fields.h"
#include "oci-spec/reader.h"
#include "oci-spec/writer.h"

int oci_read_config(const char *json, size_t length, struct arena *arena, struct oci_report *report,
                    struct oci_config **ret_config, struct thole_error *err) {
    void *config = oci_read(&oci_config_type, json, length, arena, report, err);
    if (config == NULL)
        return -1;
    *ret_config = config;
    return 0;
}

int oci_read_process(const char *json, size_t length, struct arena *arena,
                     struct oci_process **ret_process, struct thole_error *err) {
    void *process = oci_read(&oci_process_type, json, length, arena, NULL, err);
    if (process == NULL)
        return -1;
    *ret_process = process;
    return 0;
}

int oci_read_resources(const char *json, size_t length, struct arena *arena,
                       struct oci_resources **ret_resources, struct thole_error *err) {
    void *resources = oci_read(&oci_resources_type, json, length, arena, NULL, err);
    if (resources == NULL)
        return -1;
    *ret_resources = resources;
    return 0;
}

int oci_read_state(const char *json, size_t length, struct arena *arena,
                   struct oci_state **ret_state, struct thole_error *err) {
    void *state = oci_read(&oci_state_type, json, length, arena, NULL, err);
    if (state == NULL)
        return -1;
    *ret_state = state;
    return 0;
}

int oci_read_features(const char *json, size_t length, struct arena *arena,
                      struct oci_features **ret_features, struct thole_error *err) {
    void *features = oci_read(&oci_features_type, json, length, arena, NULL, err);
    if (features == NULL)
        return -1;
    *ret_features = features;
    return 0;
}

char *oci_write_config(const struct oci_config *config, int indent) {
    return oci_write(&oci_config_type, config, indent);
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
