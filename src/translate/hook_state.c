/* SPDX-License-Identifier: Apache-2.0 */
/* The state document that thole gives to hooks. */
#include "translate/hook_state.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "oci-spec/document.h"
#include "oci-spec/pairs.h"

int translate_read_state(struct arena *arena, struct oci_state **ret_state,
                         struct thole_error *err) {
    cleanup_free char *json = NULL;
    size_t length = 0;
    if (file_read_fd(STDIN_FILENO, "the state on standard input", OCI_DOCUMENT_MAX, &json, &length,
                     err) < 0)
        return -1;
    if (oci_read_state(json, length, arena, ret_state, err) < 0)
        return error_prefix(err, "the state on standard input");
    return 0;
}

const char *translate_annotation(const struct oci_state *state, const char *key) {
    return oci_pairs_find(&state->annotations, key);
}
