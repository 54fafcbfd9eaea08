/* SPDX-License-Identifier: Apache-2.0 */
/* Magic numbers of filesystems. */
#include "translate/image.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"

const char *translate_image_type(const char *file, struct thole_error *err) {
    static const struct {
        const char *type;
        off_t at;
        const char *magic;
        size_t length;
    } types[] = {
        {"ext4", 0x438, "\x53\xef", 2},
        {"xfs", 0, "XFSB", 4},
        {"squashfs", 0, "hsqs", 4},
        {"btrfs", 0x10040, "_BHRfS_M", 8},
        {"erofs", 0x400, "\xe2\xe1\xf5\xe0", 4},
        {"f2fs", 0x400, "\x10\x20\xf5\xf2", 4},
    };
    char found[8];
    cleanup_close int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        error_errno(err, NULL, "open %s", file);
        return NULL;
    }
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (pread(fd, found, types[i].length, types[i].at) == (ssize_t)types[i].length &&
            memcmp(found, types[i].magic, types[i].length) == 0)
            return types[i].type;
    }
    error_set(err, THOLE_ERROR_CONFIG, 0, NULL, "there is no filesystem of a known type in %s",
              file);
    return NULL;
}
