/* SPDX-License-Identifier: Apache-2.0 */
/* A relay in a process of its own, and the process it waits for, for tests. */
#include "relay_runner.h"

#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "terminal/relay.h"

/* The test's ends of pipes and ptys have to be its own alone. */
static void close_all_but(const int *kept, size_t count) {
    for (int fd = 3; fd < 64; fd++) {
        bool keep = false;
        for (size_t i = 0; i < count; i++)
            keep = keep || fd == kept[i];
        if (!keep)
            (void)close(fd);
    }
}

static void run_payload(payload_function *payload, int slave, bool session, int control,
                        const sigset_t *mask) {
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    if (slave >= 0) {
        if (session) {
            (void)setsid();
            (void)ioctl(slave, TIOCSCTTY, 0);
        }
        for (int fd = 0; fd < 3; fd++)
            (void)dup2(slave, fd);
        close_all_but(&control, 1);
    }
    _exit(payload(control));
}

static int run_relay(const struct caller *caller, payload_function *payload, int master, int slave,
                     int control) {
    struct thole_error err = {0};
    struct terminal_relay relay = {
        .master = caller->signals_only ? -1 : master,
        .input = caller->input,
        .output = caller->output,
        .forward_signals = !caller->keep_signals,
    };
    (void)setpgid(0, 0);
    if (caller->subreaper)
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (terminal_relay_block(&relay, &err) < 0)
        return RELAY_FAILED;
    relay.pid = fork();
    if (relay.pid == 0) {
        (void)close(master);
        run_payload(payload, caller->signals_only ? -1 : slave, !caller->no_session, control,
                    &relay.former_mask);
    }
    (void)close(slave);
    (void)close(control);
    relay.pidfd = (int)syscall(SYS_pidfd_open, relay.pid, 0);
    int status = terminal_relay_run(&relay, &err);
    sigset_t mask;
    sigset_t pending;
    if (sigprocmask(SIG_SETMASK, NULL, &mask) < 0 || sigismember(&mask, SIGTERM) ||
        sigpending(&pending) < 0 || sigismember(&pending, SIGPIPE))
        return RELAY_FAILED;
    return status >= 0 ? status : err.code == EINTR ? RELAY_LEFT : RELAY_FAILED;
}

struct runner runner_start(const struct caller *caller, payload_function *payload) {
    struct runner runner;
    int control[2];
    int master;
    int slave;
    struct termios modes;
    assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
    assert_int_equal(tcgetattr(slave, &modes), 0);
    if (caller->raw_inside)
        cfmakeraw(&modes);
    assert_int_equal(tcsetattr(slave, TCSANOW, &modes), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
    runner.pid = fork();
    assert_true(runner.pid >= 0);
    if (runner.pid == 0) {
        const int kept[] = {master, slave, control[1], caller->input, caller->output};
        close_all_but(kept, sizeof(kept) / sizeof(kept[0]));
        _exit(run_relay(caller, payload, master, slave, control[1]));
    }
    (void)close(control[1]);
    (void)close(slave);
    runner.control = control[0];
    runner.inside = master;
    return runner;
}

int runner_finish(struct runner *runner) {
    int status = -1;
    assert_int_equal(waitpid(runner->pid, &status, 0), runner->pid);
    (void)close(runner->control);
    (void)close(runner->inside);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

void runner_expect(const struct runner *runner, const char *word) {
    char buffer[64] = "";
    ssize_t length = recv(runner->control, buffer, sizeof(buffer) - 1, 0);
    assert_true(length >= 0);
    assert_string_equal(buffer, word);
}

void payload_tell(int control, const char *word) {
    if (send(control, word, strlen(word), MSG_NOSIGNAL) < 0)
        _exit(99);
}
