/* SPDX-License-Identifier: Apache-2.0 */
/* thole_error_format(). */
#include "base/error.h"
#include "thole.h"

char *thole_error_format(const struct thole_error *err, char *buffer, size_t size) {
    return error_format(err, buffer, size);
}
