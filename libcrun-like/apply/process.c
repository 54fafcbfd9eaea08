/* SPDX-License-Identifier: Apache-2.0 */
/* Last preparations of a process before execve, shared by init and exec. */
#include "apply/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "security/label.h"
#include "sys/path.h"
#include "sys/process_calls.h"
#include "terminal/pty.h"

enum { PASSED_FDS_MAX = 1024 };

/* getcwd() of a directory that cannot be reached from "/" begins with "(unreachable)". */
static int check_inside(const struct plan_process *process, struct thole_error *err) {
    char path[PATH_MAX];
    if (getcwd(path, sizeof(path)) == NULL && errno != ENOENT)
        return error_errno(err, "/process/cwd", "get the current directory");
    if (errno == ENOENT || path[0] != '/')
        return error_config(err, "/process/cwd", "%s is outside of the container's root",
                            process->cwd);
    return 1;
}

int apply_working_directory_make(const struct plan_process *process, int root_fd,
                                 struct thole_error *err) {
    if (process == NULL || strcmp(process->cwd, "/") == 0)
        return 0;
    cleanup_close int made = sys_make_in_root(root_fd, process->cwd, SYS_PATH_DIRECTORY, 0755);
    /* Where this process may not look, or a magic link leads, entering it gives the answer. */
    if (made < 0 && errno != EACCES && errno != EPERM && errno != ELOOP)
        return error_errno(err, "/process/cwd", "create %s", process->cwd);
    return 0;
}

int apply_working_directory(const struct plan_process *process, bool first_try,
                            struct thole_error *err) {
    errno = 0;
    if (chdir(process->cwd) < 0) {
        if (first_try && (errno == EACCES || errno == EPERM))
            return 0;
        return error_errno(err, "/process/cwd", "change directory to %s", process->cwd);
    }
    errno = 0;
    return check_inside(process, err);
}

char **apply_environment_with(char *const *environment, char *variable) {
    const size_t length = strcspn(variable, "=") + 1;
    size_t count = 0;
    while (environment[count] != NULL)
        count++;
    char **items = calloc(count + 2, sizeof(*items));
    if (items == NULL)
        abort();
    for (count = 0; *environment != NULL; environment++) {
        if (strncmp(*environment, variable, length) != 0)
            items[count++] = *environment;
    }
    items[count] = variable;
    return items;
}

int apply_passed_fds(uint64_t count, bool terminals, size_t *ret_count, struct thole_error *err) {
    if (count > PASSED_FDS_MAX)
        return error_usage(err, "at most %d file descriptors can be passed on", PASSED_FDS_MAX);
    for (int fd = 3; fd < 3 + (int)count; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            return error_errno(err, NULL, "pass on file descriptor %d", fd);
        if (!terminals && terminal_is_one(fd) && terminal_takes_typing())
            return error_usage(err, "file descriptor %d is a terminal, which is not passed on", fd);
    }
    *ret_count = (size_t)count;
    return 0;
}

int apply_keep_fds(size_t passed, struct thole_error *err) {
    if (close_range(3, UINT_MAX, CLOSE_RANGE_CLOEXEC) < 0)
        return error_errno(err, NULL, "mark file descriptors close-on-exec");
    for (int fd = 3; fd < 3 + (int)passed; fd++) {
        if (fcntl(fd, F_SETFD, 0) < 0)
            return error_errno(err, NULL, "pass on file descriptor %d", fd);
    }
    return 0;
}

int apply_close_fds(size_t passed, const int *kept, size_t count, struct thole_error *err) {
    for (int first = 3 + (int)passed;;) {
        int next = INT_MAX;
        for (size_t i = 0; i < count; i++) {
            if (kept[i] >= first && kept[i] < next)
                next = kept[i];
        }
        unsigned last = next == INT_MAX ? UINT_MAX : (unsigned)next - 1;
        if (first <= next - 1 && close_range((unsigned)first, last, 0) < 0)
            return error_errno(err, NULL, "close inherited file descriptors");
        if (next == INT_MAX)
            return 0;
        first = next + 1;
    }
}

bool apply_has_exec_label(const struct plan_process *process) {
    return (process->apparmor != NULL && process->apparmor[0] != '\0') ||
           (process->selinux != NULL && process->selinux[0] != '\0');
}

int apply_exec_labels(const struct plan_process *process, int proc_fd, struct thole_error *err) {
    if (process->apparmor != NULL && process->apparmor[0] != '\0' &&
        label_set_apparmor_exec(proc_fd, process->apparmor, err) < 0)
        return -1;
    if (process->selinux != NULL && process->selinux[0] != '\0' &&
        label_set_selinux_exec(proc_fd, process->selinux, err) < 0)
        return -1;
    return 0;
}

void apply_reset_signals(const struct plan_process *process) {
    /* execve() resets handlers by itself; only ignored signals and the mask would be inherited. */
    for (int number = 1; number < _NSIG; number++) {
        if ((process->default_signals >> (number - 1) & 1) != 0)
            (void)signal(number, SIG_DFL);
    }
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}
