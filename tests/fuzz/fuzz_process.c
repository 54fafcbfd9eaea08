/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer target for the smaller documents: the first byte chooses between what `exec --process`,
 * `update --resources`, a state directory and `features` of another runtime give to be read.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "oci-spec/document.h"
#include "oci-spec/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_document(uint8_t which, const char *json, size_t length, struct arena *arena,
                         struct thole_error *err) {
    struct oci_resources *resources = NULL;
    struct oci_process *process = NULL;
    struct oci_features *features = NULL;
    struct oci_state *state = NULL;
    switch (which) {
    case 'r':
        return oci_read_resources(json, length, arena, &resources, err);
    case 's':
        state = oci_read(&oci_state_type, json, length, arena, NULL, err);
        if (state != NULL)
            free(oci_write_state(state, 2));
        return state != NULL ? 0 : -1;
    case 'f':
        features = oci_read(&oci_features_type, json, length, arena, NULL, err);
        if (features != NULL)
            free(oci_write_features(features, 2));
        return features != NULL ? 0 : -1;
    default:
        return oci_read_process(json, length, arena, &process, err);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    int result = read_document(data[0], (const char *)data + 1, size - 1, &arena, &err);
    if (result != 0 && (err.where[0] != '/' || err.text[0] == '\0'))
        abort();
    return 0;
}
