/* SPDX-License-Identifier: Apache-2.0 */
/* What commands print. */
#include "cli/output.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"

int output_text(const char *text, struct thole_error *err) {
    size_t length = strlen(text);
    if (length == 0)
        return 0;
    if (file_write_all(STDOUT_FILENO, text, length) < 0 ||
        (text[length - 1] != '\n' && file_write_all(STDOUT_FILENO, "\n", 1) < 0))
        return error_errno(err, NULL, "write to standard output");
    return 0;
}
