/* SPDX-License-Identifier: Apache-2.0 */
/* Process identity and exit status. */
#include "state/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "sys/process_calls.h"

enum { STATE_FIELD = 3, START_TIME_FIELD = 22 };

uint64_t process_start_time(pid_t pid) {
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    cleanup_free char *text = NULL;
    if (file_read_at(AT_FDCWD, path, 4096, &text, NULL, NULL) < 0)
        return 0;
    /* The command name may hold anything, blanks and parentheses included: the last one ends it. */
    char *rest = strrchr(text, ')');
    if (rest == NULL)
        return 0;
    uint64_t start_time = 0;
    (void)strsep(&rest, " ");
    for (int field = STATE_FIELD; field <= START_TIME_FIELD && rest != NULL; field++) {
        const char *value = strsep(&rest, " ");
        if (field == STATE_FIELD && (value[0] == 'Z' || value[0] == 'X'))
            return 0;
        if (field == START_TIME_FIELD && !text_parse_uint(value, UINT64_MAX, &start_time))
            return 0;
    }
    return start_time;
}

pid_t process_of_pidfd(int pidfd) {
    char path[48];
    struct thole_error failure = {0};
    cleanup_free char *text = NULL;
    (void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
    if (file_read_at(AT_FDCWD, path, 4096, &text, NULL, &failure) < 0) {
        errno = failure.code;
        return -1;
    }
    /* 0: it is of another pid namespace, -1: it has ended. */
    const char *line = strstr(text, "\nPid:");
    long pid = line != NULL ? strtol(line + sizeof("\nPid:") - 1, NULL, 10) : 0;
    errno = ESRCH;
    return pid > 0 ? (pid_t)pid : -1;
}

static int open_pid_namespace(const char *pid) {
    char path[NAME_MAX + 32];
    (void)snprintf(path, sizeof(path), "/proc/%s/ns/pid", pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* True if @namespace_fd, which is closed, is @wanted or a namespace below it (ioctl_ns(2)). */
static bool is_within(int namespace_fd, const struct stat *wanted) {
    bool found = false;
    while (namespace_fd >= 0 && !found) {
        struct stat status;
        found = fstat(namespace_fd, &status) == 0 && status.st_ino == wanted->st_ino;
        int parent = found ? -1 : ioctl(namespace_fd, NS_GET_PARENT);
        (void)close(namespace_fd);
        namespace_fd = parent;
    }
    return found;
}

int process_list_namespace(pid_t init, pid_t **ret_pids, size_t *ret_count,
                           struct thole_error *err) {
    char name[16];
    struct stat wanted;
    (void)snprintf(name, sizeof(name), "%d", (int)init);
    cleanup_close int namespace_fd = open_pid_namespace(name);
    cleanup_closedir DIR *directory = opendir("/proc");
    if (namespace_fd < 0 || fstat(namespace_fd, &wanted) < 0 || directory == NULL)
        return error_errno(err, NULL, "list the processes of a pid namespace");
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    const struct dirent *entry = NULL;
    while ((entry = readdir(directory)) != NULL) {
        uint64_t pid = 0;
        if (!text_parse_uint(entry->d_name, INT32_MAX, &pid) ||
            !is_within(open_pid_namespace(entry->d_name), &wanted))
            continue;
        pid_t *larger = reallocarray(pids, count + 1, sizeof(*pids));
        if (larger == NULL)
            return error_errno(err, NULL, "list processes");
        pids = larger;
        pids[count++] = (pid_t)pid;
    }
    *ret_count = count;
    *ret_pids = take_ptr(pids);
    return 0;
}

int process_wait(int pidfd) {
    siginfo_t info = {0};
    while (waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED) < 0) {
        if (errno != EINTR)
            return -1;
    }
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

int process_open_root(pid_t pid, struct thole_error *err) {
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root >= 0 ? root : error_errno(err, NULL, "open the root of the container");
}
