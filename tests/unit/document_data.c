/* SPDX-License-Identifier: Apache-2.0 */
/* Reading of sample documents. */
#include "document_data.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/file.h"
#include "oci-spec/document.h"

char *read_data(const char *name) {
    struct thole_error err = {0};
    char *text = NULL;
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", TEST_DATA, name);
    if (file_read_at(AT_FDCWD, path, OCI_DOCUMENT_MAX, &text, NULL, &err) < 0)
        fail_msg("%s", err.text);
    return text;
}
