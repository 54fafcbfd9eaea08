/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first process of a container that has none made for that: it starts the program, passes
 * signals on to it, waits for what loses its parent, and ends with the program's status.
 *
 *     thole-init [-w] -- PROGRAM [ARGUMENT]...
 *     thole-init --version
 *
 * With -w it ends when no other process is left, still with the status of the program.
 */
#include "commit.h"
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NOT_FOUND = 127, GRACE_SECONDS = 1 };

struct init {
    pid_t program;
    int status;      /* of the program, -1: it runs */
    bool wait_all;   /* -w */
    bool ending;     /* SIGTERM went to everybody */
    sigset_t former; /* the mask that the program gets back */
};

static noreturn void complain(const char *what, const char *why, int status) {
    const char *const words[] = {"thole-init: ", what, ": ", why, "\n"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (write(STDERR_FILENO, words[i], strlen(words[i])) < 0)
            break;
    }
    _exit(status);
}

static noreturn void print_version(void) {
    static const char text[] = "thole-init " PACKAGE_VERSION "\ncommit: " THOLE_COMMIT "\n";
    _exit(write(STDOUT_FILENO, text, sizeof(text) - 1) < 0 ? EXIT_NOT_EXECUTABLE : 0);
}

/* A group of its own, in front of the terminal: what is typed goes to the program alone, and comes
 * once. Without a terminal there is nothing to be in front of. */
static noreturn void run_program(const struct init *init, char *const *args) {
    (void)setpgid(0, 0);
    (void)tcsetpgrp(STDIN_FILENO, getpid());
    (void)sigprocmask(SIG_SETMASK, &init->former, NULL);
    (void)execv(args[0], args);
    complain(args[0], strerror(errno), errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* False when no process is left. */
static bool reap(struct init *init) {
    for (;;) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid <= 0)
            return pid == 0;
        if (pid == init->program && !WIFSTOPPED(status))
            init->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

/* Everybody else's process ids are there as well where the pid namespace is not its own. */
static void signal_all(const struct init *init, int signal) {
    (void)kill(getpid() == 1 ? -1 : -init->program, signal);
}

static void pass_on(struct init *init, int signal) {
    if (signal == SIGTERM || signal == SIGPWR) {
        init->ending = true;
        signal_all(init, SIGTERM);
    } else {
        (void)kill(init->program, signal);
    }
}

static int serve(struct init *init, const sigset_t *signals) {
    const struct timespec grace = {.tv_sec = GRACE_SECONDS};
    while (reap(init) && (init->wait_all || init->status < 0)) {
        int signal =
            init->ending ? sigtimedwait(signals, NULL, &grace) : sigwaitinfo(signals, NULL);
        if (signal < 0 && errno == EAGAIN)
            signal_all(init, SIGKILL);
        else if (signal > 0 && signal != SIGCHLD)
            pass_on(init, signal);
    }
    return init->status;
}

/* Faults stay what they are, and the terminal may stop this process as little as any other. */
static void choose_signals(sigset_t *ret_signals) {
    static const int left_alone[] = {SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS};
    (void)sigfillset(ret_signals);
    for (size_t i = 0; i < sizeof(left_alone) / sizeof(left_alone[0]); i++)
        (void)sigdelset(ret_signals, left_alone[i]);
}

int main(int argc, char *argv[]) {
    struct init init = {.status = -1};
    sigset_t signals;
    char **args = argv + 1;
    (void)argc;
    (void)prctl(PR_SET_NAME, "thole-init", 0, 0, 0); /* else the number of a descriptor */
    if (args[0] != NULL && strcmp(args[0], "--version") == 0)
        print_version();
    if (args[0] != NULL && strcmp(args[0], "-w") == 0) {
        init.wait_all = true;
        args++;
    }
    if (args[0] == NULL || strcmp(args[0], "--") != 0 || args[1] == NULL)
        complain("usage", "thole-init [-w] -- PROGRAM [ARGUMENT]...", EXIT_NOT_EXECUTABLE);
    choose_signals(&signals);
    (void)sigprocmask(SIG_BLOCK, &signals, &init.former);
    init.program = fork();
    if (init.program < 0)
        complain("fork", strerror(errno), EXIT_NOT_EXECUTABLE);
    if (init.program == 0)
        run_program(&init, args + 1);
    (void)setpgid(init.program, init.program); /* whoever comes first */
    return serve(&init, &signals);
}
