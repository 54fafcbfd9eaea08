/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of bytes. */
#include "cli/sizes.h"

#include <inttypes.h>
#include <stdio.h>

char *size_format(uint64_t bytes, bool raw, char *buffer, size_t size) {
    static const struct {
        uint64_t above;
        const char *unit;
    } units[] = {{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}};
    if (raw) {
        (void)snprintf(buffer, size, "%" PRIu64, bytes);
        return buffer;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (bytes > units[i].above) {
            (void)snprintf(buffer, size, "%.2f %s", (double)bytes / (double)units[i].above,
                           units[i].unit);
            return buffer;
        }
    }
    (void)snprintf(buffer, size, "%" PRIu64 " bytes", bytes);
    return buffer;
}
