/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the programs of one hook stage. */
#include "apply/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apply/process.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "sys/clone.h"
#include "sys/process_calls.h"

/* A file never blocks its writer and needs no pumping: input and captured output are memfds. */
static int memory_file(const char *name, const char *contents) {
    cleanup_close int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    if (contents != NULL &&
        (file_write_all(fd, contents, strlen(contents)) < 0 || lseek(fd, 0, SEEK_SET) < 0))
        return -1;
    return take_fd(&fd);
}

static int output_file(const char *path, int captured) {
    if (path == NULL)
        return fcntl(captured, F_DUPFD_CLOEXEC, 3);
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int pass_fds(const struct apply_hook_run *run) {
    for (size_t i = 0; i < run->passed_count; i++) {
        if (fcntl(run->passed[i], F_SETFD, 0) < 0)
            return -1;
    }
    return 0;
}

static noreturn void execute(const struct plan_hook *hook, const struct apply_hook_run *run,
                             const int stdio[3]) {
    struct thole_error err = {0};
    char line[1536];
    char *const *env = hook->env.items;
    if (hook->inherit_env)
        env = run->env != NULL ? run->env : environ;

    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setsid();
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(stdio[fd], fd) < 0)
            _exit(127);
    }
    if (run->directory != NULL && chdir(run->directory) < 0)
        (void)!chdir("/");
    if (apply_keep_fds(0, &err) == 0 && pass_fds(run) == 0 &&
        (run->confinement == NULL ||
         apply_become_confined(run->confinement, run->starter, &err) == 0)) {
        (void)execve(hook->path, hook->args.items, env);
        error_errno(&err, NULL, "%s", hook->path);
    }
    dprintf(STDERR_FILENO, "%s", error_format(&err, line, sizeof(line)));
    _exit(127);
}

/* Waits until the hook is gone; 1 if it had to be killed for its timeout. */
static int wait_for(int pidfd, int timeout, siginfo_t *ret_info) {
    const int64_t end = clock_now() + timeout * INT64_C(1000);
    int late = 0;
    for (;;) {
        int remaining = -1;
        if (timeout > 0 && !late) {
            const int64_t left = end - clock_now();
            remaining = left > 0 ? (int)left : 0;
        }
        struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};
        int ready = poll(&poll_fd, 1, remaining);
        if (ready == 0) {
            late = 1;
            (void)pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
            continue;
        }
        if (ready > 0)
            break;
    }
    (void)uninterrupted(waitid(P_PIDFD, (id_t)pidfd, ret_info, WEXITED));
    return late;
}

/* The last line or so of what the hook printed, for the error. */
static void read_tail(int captured, char *tail, size_t size) {
    off_t end = lseek(captured, 0, SEEK_END);
    off_t start = end > (off_t)size - 1 ? end - (off_t)size + 1 : 0;
    ssize_t length = pread(captured, tail, size - 1, start);
    if (length < 0)
        length = 0;
    while (length > 0 && (tail[length - 1] == '\n' || tail[length - 1] == '\r'))
        length--;
    tail[length] = '\0';
}

static int describe_failure(const struct plan_hook *hook, const char *stage, size_t index,
                            bool late, const siginfo_t *info, int captured,
                            struct thole_error *err) {
    char tail[512];
    read_tail(captured, tail, sizeof(tail));
    char what[64];
    if (late)
        (void)snprintf(what, sizeof(what), "timed out after %d s", hook->timeout);
    else if (info->si_code == CLD_EXITED)
        (void)snprintf(what, sizeof(what), "exit status %d", info->si_status);
    else
        (void)snprintf(what, sizeof(what), "signal %d", info->si_status);
    return error_set(err, THOLE_ERROR_PAYLOAD, 0, hook->where, "error running %s hook #%zu: %s%s%s",
                     stage, index, what, tail[0] != '\0' ? ", output: " : "", tail);
}

static int run_hook(const struct plan_hook *hook, const struct apply_hook_run *run, size_t index,
                    struct thole_error *err) {
    cleanup_close int input = memory_file("hook-state", run->state);
    cleanup_close int captured = memory_file("hook-output", NULL);
    cleanup_close int out = captured >= 0 ? output_file(run->stdout_file, captured) : -1;
    cleanup_close int errors = captured >= 0 ? output_file(run->stderr_file, captured) : -1;
    if (input < 0 || out < 0 || errors < 0)
        return error_errno(err, hook->where,
                           "error running %s hook #%zu: open its input and output", run->stage,
                           index);

    const int stdio[3] = {input, out, errors};
    cleanup_close int pidfd = -1;
    pid_t child = sys_clone(0, -1, &pidfd);
    if (child < 0)
        return error_errno(err, hook->where, "error running %s hook #%zu: fork", run->stage, index);
    if (child == 0)
        execute(hook, run, stdio);

    siginfo_t info = {0};
    int late = wait_for(pidfd, hook->timeout, &info);
    if (late == 0 && info.si_code == CLD_EXITED && info.si_status == 0)
        return 0;
    return describe_failure(hook, run->stage, index, late != 0, &info, captured, err);
}

int apply_hooks(const struct plan_hooks *hooks, const struct apply_hook_run *run,
                struct thole_error *err) {
    for (size_t i = 0; i < hooks->count; i++) {
        if (run_hook(&hooks->items[i], run, run->first + i, err) < 0)
            return -1;
    }
    return 0;
}
