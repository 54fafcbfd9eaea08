/* SPDX-License-Identifier: Apache-2.0 */
/* Process identity and exit status. */
#include "state/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <signal.h>
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

enum { STATE_FIELD = 3, THREADS_FIELD = 20, START_TIME_FIELD = 22, STAT_MAX = 768 };
enum { LOOKS = 10, END_TIMEOUT_MS = 10 * 1000 };

/* What proc_pid_stat(5) says of a process. */
enum stat_answer { STAT_LIVES, STAT_ENDED, STAT_PASSING, STAT_UNKNOWN };

/* The state is that of the first thread, which may end before the others: it still counts as one
 * then. Without any thread it is about to vanish: the process is being reaped, or another thread
 * takes its place by an execve. */
static enum stat_answer parse_stat(char *text, uint64_t *ret_start_time) {
    /* The command name may hold anything, blanks and parentheses included: the last one ends it. */
    char *rest = strrchr(text, ')');
    uint64_t threads = 0;
    bool ended = false;
    (void)strsep(&rest, " ");
    for (int field = STATE_FIELD; rest != NULL; field++) {
        const char *value = strsep(&rest, " ");
        if (field == STATE_FIELD)
            ended = value[0] == 'Z' || value[0] == 'X';
        if (field == THREADS_FIELD && !text_parse_uint(value, UINT64_MAX, &threads))
            break;
        if (field == THREADS_FIELD && ended && threads <= 1)
            return threads == 0 ? STAT_PASSING : STAT_ENDED;
        if (field == START_TIME_FIELD && text_parse_uint(value, UINT64_MAX, ret_start_time))
            return STAT_LIVES;
    }
    return STAT_UNKNOWN;
}

/* A procfs that is missing or hides processes says the same as the end of one. */
static int tell_of_missing(pid_t pid, const char *path, struct thole_error *err) {
    const int failure = errno;
    if ((failure == ENOENT || failure == ESRCH) && kill(pid, 0) < 0 && errno == ESRCH)
        return 0;
    errno = failure;
    return error_errno(err, NULL, "read %s", path);
}

int process_start_time(pid_t pid, uint64_t *ret_start_time, struct thole_error *err) {
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    enum stat_answer answer = STAT_PASSING;
    for (int i = 0; i < LOOKS && answer == STAT_PASSING; i++) {
        char text[STAT_MAX];
        if (file_read_kernel(AT_FDCWD, path, text, sizeof(text)) < 0)
            return tell_of_missing(pid, path, err);
        answer = parse_stat(text, ret_start_time);
    }
    if (answer == STAT_UNKNOWN)
        return error_bug(err, "%s is not understood", path);
    return answer == STAT_LIVES ? 1 : 0;
}

int process_lives(pid_t pid, uint64_t start_time, struct thole_error *err) {
    uint64_t now = 0;
    int result = process_start_time(pid, &now, err);
    return result <= 0 ? result : now == start_time;
}

int process_open(pid_t pid, uint64_t start_time, struct thole_error *err) {
    cleanup_close int pidfd = pidfd_open(pid, 0);
    /* EINVAL: what Linux before 6.9 says of a process that is being reaped. */
    bool gone = pidfd < 0 && (errno == ESRCH || errno == EINVAL);
    if (pidfd < 0 && !gone)
        return error_errno(err, NULL, "open process %d", (int)pid);
    /* With the pidfd open the pid cannot be reused: a matching start time proves it is ours. */
    int lives = gone ? 0 : process_lives(pid, start_time, err);
    if (lives == 0)
        error_state(err, "container not running: no such process");
    return lives == 1 ? take_fd(&pidfd) : -1;
}

int process_end(int pidfd, struct thole_error *err) {
    if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
        return error_errno(err, NULL, "kill a process of the container");
    struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
    int ready = 0;
    while ((ready = poll(&poll_fd, 1, END_TIMEOUT_MS)) < 0 && errno == EINTR)
        continue;
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready == 1 ? 0 : error_errno(err, NULL, "wait for the end of a killed process");
}

pid_t process_of_pidfd(int pidfd) {
    char path[48];
    char text[512];
    (void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
    if (file_read_kernel(AT_FDCWD, path, text, sizeof(text)) < 0)
        return -1;
    /* 0: it is of another pid namespace, -1: it has ended. */
    const char *line = strstr(text, "\nPid:");
    long pid = line != NULL ? strtol(line + sizeof("\nPid:") - 1, NULL, 10) : 0;
    errno = ESRCH;
    return pid > 0 ? (pid_t)pid : -1;
}

static int open_pid_namespace(pid_t pid) {
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
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
    struct stat wanted;
    cleanup_close int namespace_fd = open_pid_namespace(init);
    cleanup_closedir DIR *directory = opendir("/proc");
    if (namespace_fd < 0 || fstat(namespace_fd, &wanted) < 0 || directory == NULL)
        return error_errno(err, NULL, "list the processes of a pid namespace");
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    const struct dirent *entry = NULL;
    while (errno = 0, (entry = readdir(directory)) != NULL) {
        uint64_t pid = 0;
        if (!text_parse_uint(entry->d_name, INT32_MAX, &pid) ||
            !is_within(open_pid_namespace((pid_t)pid), &wanted))
            continue;
        pid_t *larger = reallocarray(pids, count + 1, sizeof(*pids));
        if (larger == NULL)
            return error_errno(err, NULL, "list processes");
        pids = larger;
        pids[count++] = (pid_t)pid;
    }
    if (errno != 0)
        return error_errno(err, NULL, "read /proc");
    *ret_count = count;
    *ret_pids = take_ptr(pids);
    return 0;
}

int process_signal_namespace(pid_t init, int init_pidfd, int signal, struct thole_error *err) {
    struct stat wanted;
    cleanup_free pid_t *pids = NULL;
    size_t count = 0;
    cleanup_close int namespace_fd = open_pid_namespace(init);
    if (namespace_fd < 0 || fstat(namespace_fd, &wanted) < 0 ||
        pidfd_send_signal(init_pidfd, 0, NULL, 0) < 0)
        return error_errno(err, NULL, "open the pid namespace of the container");
    if (process_list_namespace(init, &pids, &count, err) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        /* Looked at again: the number may have become that of another process. */
        cleanup_close int pidfd = pidfd_open(pids[i], 0);
        if (pidfd >= 0 && is_within(open_pid_namespace(pids[i]), &wanted) &&
            pidfd_send_signal(pidfd, signal, NULL, 0) < 0 && errno != ESRCH)
            return error_errno(err, NULL, "send signal %d to process %d", signal, (int)pids[i]);
    }
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

int process_ended(int pidfd) {
    int status = pidfd_wait_status(pidfd);
    if (status < 0)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_open_root(pid_t pid, struct thole_error *err) {
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
    int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return root >= 0 ? root : error_errno(err, NULL, "open the root of the container");
}
