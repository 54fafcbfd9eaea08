/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's environment. */
#include "environment.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"

const char *environment_get(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

unsigned environment_listen_fds(void) {
    const char *count_text = environment_get("LISTEN_FDS");
    const char *pid_text = environment_get("LISTEN_PID");
    uint64_t count = 0;
    uint64_t pid = 0;
    if (count_text == NULL || pid_text == NULL || !text_parse_uint(pid_text, INT_MAX, &pid) ||
        pid != (uint64_t)getpid() || !text_parse_uint(count_text, INT_MAX, &count))
        return 0;
    return (unsigned)count;
}
