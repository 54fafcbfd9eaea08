/* SPDX-License-Identifier: Apache-2.0 */
/* Setting cgroup files back to what they held. */
#include "cgroup/restore.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"

enum { FORMER_MAX = 1024 * 1024 };

enum former_shape {
    FORMER_KEYED,  /* lines "KEY VALUE", each key is set on its own */
    FORMER_SECOND, /* reads as "name VALUE\n...", takes VALUE */
};

/* Files that do not take back what they give, by how their names begin. All others do. @unset is
 * what a key is written with to have no value. */
static const struct former_format {
    const char *file;
    enum former_shape shape;
    const char *unset;
} formats[] = {
    {"io.max", FORMER_KEYED, "rbps=max wbps=max riops=max wiops=max"},
    {"io.weight", FORMER_KEYED, "default"},
    {"io.bfq.weight", FORMER_KEYED, "default"},
    {"io.latency", FORMER_KEYED, "target=0"},
    {"rdma.max", FORMER_KEYED, "hca_handle=max hca_object=max"},
    {"misc.max", FORMER_KEYED, "max"},
    {"blkio.throttle.", FORMER_KEYED, "0"},
    {"blkio.weight_device", FORMER_KEYED, "default"},
    {"blkio.bfq.weight_device", FORMER_KEYED, "default"},
    {"net_prio.ifpriomap", FORMER_KEYED, "0"},
    {"memory.oom_control", FORMER_SECOND, NULL},
};

static const struct former_format *format_of(const char *file) {
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (text_starts_with(file, formats[i].file))
            return &formats[i];
    }
    return NULL;
}

char *cgroup_restore_read(int dirfd, const char *file) {
    char *text = NULL;
    (void)file_read_at(dirfd, file, FORMER_MAX, &text, NULL, NULL);
    return text;
}

static bool has_key(const char *lines, const char *key, size_t length) {
    const char *line = NULL;
    size_t line_length = 0;
    while (text_next_line(&lines, &line, &line_length)) {
        if (strncmp(line, key, length) == 0 && line[length] == ' ')
            return true;
    }
    return false;
}

static int write_keyed(int dirfd, const char *file, const char *former, const char *written,
                       const char *unset) {
    size_t key = strcspn(written, " \n");
    if (written[key] == ' ' && !has_key(former, written, key)) {
        char line[512];
        int length = snprintf(line, sizeof(line), "%.*s %s", (int)key, written, unset);
        if (length > 0 && (size_t)length < sizeof(line) &&
            file_write_kernel(dirfd, file, line, (size_t)length) < 0)
            return -1;
    }
    const char *line = NULL;
    size_t length = 0;
    while (text_next_line(&former, &line, &length)) {
        if (length > 0 && file_write_kernel(dirfd, file, line, length) < 0)
            return -1;
    }
    return 0;
}

int cgroup_restore_write(int dirfd, const char *file, const char *former, const char *written) {
    const struct former_format *format = format_of(file);
    if (format != NULL && format->shape == FORMER_KEYED)
        return write_keyed(dirfd, file, former, written, format->unset);
    if (format != NULL) {
        former += strcspn(former, " ");
        former += strspn(former, " ");
        return file_write_kernel(dirfd, file, former, strcspn(former, "\n"));
    }
    /* An empty value needs its line break: a write of no bytes does not reach the kernel. */
    return file_write_kernel(dirfd, file, former[0] != '\0' ? former : "\n",
                             former[0] != '\0' ? strlen(former) : 1);
}
