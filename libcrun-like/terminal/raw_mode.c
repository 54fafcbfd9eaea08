/* SPDX-License-Identifier: Apache-2.0 */
/* Raw mode of the caller's own terminal, and the way back. */
#include "terminal/raw_mode.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/process_calls.h"

/* TCSANOW: waiting for output to drain would hang on a terminal stopped by ^S. */
static bool set_modes(int fd, const struct termios *modes) {
    return uninterrupted(tcsetattr(fd, TCSANOW, modes)) == 0;
}

/* ---- the guard ---- */

static struct termios raw_form(const struct terminal_raw_mode *mode) {
    struct termios raw = mode->former;
    cfmakeraw(&raw);
    if (mode->output_processing)
        raw.c_oflag |= mode->former.c_oflag & (tcflag_t)OPOST;
    return raw;
}

/* A shell with job control, or anybody who has set modes since, knows better. */
static bool is_ours_to_restore(const struct terminal_raw_mode *mode, int fd) {
    const struct termios raw = raw_form(mode);
    struct termios current;
    const pid_t owner = tcgetpgrp(fd); /* -1: the session is gone, and nobody will do it */
    return (owner < 0 || owner == getpgrp()) && tcgetattr(fd, &current) == 0 &&
           current.c_lflag == raw.c_lflag && current.c_iflag == raw.c_iflag;
}

/* Waits for the end of its parent in a process that holds nothing but the terminal. */
static void stand_guard(const struct terminal_raw_mode *mode, int lifeline) {
    char byte;
    sigset_t all;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    if (dup2(mode->fd, 0) < 0 || dup2(lifeline, 1) < 0 || close_range(2, UINT_MAX, 0) < 0)
        _exit(EXIT_FAILURE);
    ssize_t got = uninterrupted(recv(1, &byte, 1, 0));
    if (got <= 0 && is_ours_to_restore(mode, 0))
        (void)set_modes(0, &mode->former);
    _exit(EXIT_SUCCESS);
}

/* Without a guard the terminal is still restored on all ways out but a sudden death. */
static void post_guard(struct terminal_raw_mode *mode) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return;
    mode->guard = fork();
    if (mode->guard == 0)
        stand_guard(mode, ends[1]);
    (void)close(ends[1]);
    mode->lifeline = ends[0];
    if (mode->guard < 0) {
        (void)close(ends[0]);
        mode->guard = 0;
    }
}

static void dismiss_guard(struct terminal_raw_mode *mode) {
    if (mode->guard == 0)
        return;
    (void)send(mode->lifeline, "", 1, MSG_NOSIGNAL);
    (void)close(mode->lifeline);
    (void)uninterrupted(waitpid(mode->guard, NULL, 0));
    mode->guard = 0;
}

/* ---- the modes ---- */

void terminal_raw_mode_enter(struct terminal_raw_mode *mode, int fd, bool output_processing) {
    if (!mode->saved) {
        if (fd < 0 || tcgetattr(fd, &mode->former) < 0)
            return;
        mode->fd = fd;
        mode->saved = true;
        mode->output_processing = output_processing;
        post_guard(mode);
    }
    const struct termios raw = raw_form(mode);
    mode->active = set_modes(mode->fd, &raw);
}

void terminal_raw_mode_leave(struct terminal_raw_mode *mode) {
    if (mode->active)
        (void)set_modes(mode->fd, &mode->former);
    mode->active = false;
}

void terminal_raw_mode_stop(struct terminal_raw_mode *mode) {
    const bool active = mode->active;
    sigset_t stop;
    struct sigaction former;
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    terminal_raw_mode_leave(mode);
    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTSTP);
    (void)sigaction(SIGTSTP, &standard, &former);
    (void)raise(SIGTSTP);
    (void)sigprocmask(SIG_UNBLOCK, &stop, NULL);
    (void)sigprocmask(SIG_BLOCK, &stop, NULL);
    (void)sigaction(SIGTSTP, &former, NULL);
    if (active)
        terminal_raw_mode_enter(mode, mode->fd, mode->output_processing);
}

void terminal_raw_mode_done(struct terminal_raw_mode *mode) {
    terminal_raw_mode_leave(mode);
    dismiss_guard(mode);
}
