/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smaller documents: the first byte chooses between what `exec --process`, a caller of `state`
 * and one of `features` are given to read. What was read is written and reads as the same.
 */
#include <string.h>

#include "base/cleanup.h"
#include "oci-spec/fields.h"
#include "oci-spec/reader.h"
#include "oci-spec/writer.h"
#include "targets.h"

static const struct oci_type *choose_type(uint8_t which) {
    switch (which) {
    case 's':
        return &oci_state_type;
    case 'f':
        return &oci_features_type;
    default:
        return &oci_process_type;
    }
}

void fuzz_process(const uint8_t *data, size_t size) {
    if (size == 0)
        return;
    cleanup_arena struct arena arena = {0};
    struct thole_error err = {0};
    const struct oci_type *type = choose_type(data[0]);
    const void *document = oci_read(type, (const char *)data + 1, size - 1, &arena, NULL, &err);
    if (document == NULL) {
        fuzz_require_line(&err);
        require(err.where[0] == '/');
        return;
    }
    cleanup_free char *written = oci_write(type, document, 2);
    const void *again = oci_read(type, written, strlen(written), &arena, NULL, &err);
    require(again != NULL);
    cleanup_free char *rewritten = oci_write(type, again, 2);
    require(strcmp(written, rewritten) == 0);
}
