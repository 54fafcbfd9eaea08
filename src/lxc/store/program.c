/* SPDX-License-Identifier: Apache-2.0 */
/* Running a program to its end. */
#include "lxc/store/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

/* What asks a process to end, and SIGCHLD. */
static void set_of_signals(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGQUIT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGCHLD);
}

/* In the new process. The error goes through the pipe, which an execve closes. */
static void become(const struct lxc_store_program *program, const sigset_t *mask, int pipe_end) {
    struct thole_error err = {0};
    int failed = 0;
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    for (size_t i = 0; i < program->variable_count && failed == 0; i++)
        failed = setenv(program->variables[i].name, program->variables[i].value, 1);
    if (failed < 0)
        error_errno(&err, NULL, "set the environment of %s", program->args[0]);
    else if (program->prepare == NULL || program->prepare(program->userdata, &err) == 0)
        (void)execvp(program->args[0], program->args);
    if (err.text[0] == '\0')
        error_errno(&err, NULL, "run %s", program->args[0]);
    (void)!write(pipe_end, &err, sizeof(err));
    _exit(EXIT_FAILURE);
}

/* What the terminal sends reaches the program by itself, as a member of the foreground group. */
static int wait_for(pid_t child, const sigset_t *signals, int *ret_status) {
    for (;;) {
        siginfo_t info;
        int status = 0;
        pid_t ended = waitpid(child, &status, WNOHANG);
        if (ended < 0 && errno != EINTR)
            return -1;
        if (ended == child) {
            *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            return 0;
        }
        if (sigwaitinfo(signals, &info) < 0 || info.si_signo == SIGCHLD)
            continue;
        if (info.si_code != SI_KERNEL)
            (void)kill(child, info.si_signo);
    }
}

int lxc_store_program_run(const struct lxc_store_program *program, int *ret_status,
                          struct thole_error *err) {
    sigset_t signals;
    sigset_t before;
    int ends[2];
    struct thole_error failure;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(err, NULL, "make a pipe");
    cleanup_close int reader = ends[0];
    cleanup_close int writer = ends[1];
    set_of_signals(&signals);
    (void)sigprocmask(SIG_BLOCK, &signals, &before);
    pid_t child = fork();
    if (child == 0)
        become(program, &before, writer);
    (void)close(take_fd(&writer));
    int waited = child < 0 ? -1 : wait_for(child, &signals, ret_status);
    int code = errno;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (waited < 0)
        return error_set(err, THOLE_ERROR_HOST, code, NULL, "run %s", program->args[0]);
    if (read(reader, &failure, sizeof(failure)) != (ssize_t)sizeof(failure))
        return 0;
    *err = failure;
    return -1;
}
