/* SPDX-License-Identifier: Apache-2.0 */
/* Documents from files and from standard input. */
#include "input.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "oci-spec/document.h"

int input_document(const char *path, char **ret_json, struct thole_error *err) {
    if (strcmp(path, "-") == 0)
        return file_read_fd(STDIN_FILENO, "standard input", OCI_DOCUMENT_MAX, ret_json, NULL, err);
    return file_read_at(AT_FDCWD, path, OCI_DOCUMENT_MAX, ret_json, NULL, err);
}
