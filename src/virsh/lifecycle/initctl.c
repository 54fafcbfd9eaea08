/* SPDX-License-Identifier: Apache-2.0 */
/* The pipe of init, which its container may have replaced by anything. */
#include "virsh/lifecycle/initctl.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { REQUEST_MAGIC = 0x03091969, REQUEST_RUNLEVEL = 1, REQUEST_DATA = 368 };

/* As init reads it (initctl(5)): 384 bytes. */
struct request {
    int32_t magic;
    int32_t command;
    int32_t runlevel;
    int32_t sleep_time;
    char data[REQUEST_DATA];
};
_Static_assert(sizeof(struct request) == 384, "what init reads at once");

/* The pipe for writing; -1 with errno: ENXIO if nobody reads. What is no pipe is not opened. */
static int open_pipe(int root, const char *name) {
    const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
    struct stat status;
    char path[64];
    cleanup_close int found = (int)syscall(SYS_openat2, root, name, &how, sizeof(how));
    if (found < 0)
        return -1;
    if (fstat(found, &status) < 0)
        return -1;
    if (!S_ISFIFO(status.st_mode)) {
        errno = ENOENT;
        return -1;
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", found);
    return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

int virsh_initctl_request(pid_t pid, char runlevel, struct thole_error *err) {
    static const char *const names[] = {"run/initctl", "dev/initctl"};
    const struct request request = {
        .magic = REQUEST_MAGIC, .command = REQUEST_RUNLEVEL, .runlevel = runlevel};
    char path[32];
    (void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
    cleanup_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return error_errno(err, NULL, "open %s", path);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        cleanup_close int pipe_end = open_pipe(root, names[i]);
        if (pipe_end < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENXIO))
            continue;
        if (pipe_end < 0)
            return error_errno(err, NULL, "open /%s of the container", names[i]);
        if (write(pipe_end, &request, sizeof(request)) != (ssize_t)sizeof(request))
            return error_errno(err, NULL, "write to /%s of the container", names[i]);
        return 1;
    }
    return 0;
}
