/* SPDX-License-Identifier: Apache-2.0 */
/* Process identity and exit status. */
#include "container/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/file.h"

uint64_t process_start_time(pid_t pid) {
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    cleanup_free char *text = NULL;
    if (file_read_at(AT_FDCWD, path, 4096, &text, NULL, NULL) < 0)
        return 0;
    /* The command name may hold anything, blanks and parentheses included: the last one ends it. */
    const char *fields = strrchr(text, ')');
    char state = 0;
    uint64_t start_time = 0;
    if (fields == NULL ||
        sscanf(fields + 1,
               " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
               "%" SCNu64,
               &state, &start_time) != 2)
        return 0;
    return state == 'Z' || state == 'X' ? 0 : start_time;
}

int process_wait(int pidfd) {
    siginfo_t info = {0};
    while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}
