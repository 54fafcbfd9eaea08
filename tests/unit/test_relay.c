/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal relay between a caller's terminal or pipes and a process on a pty. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "cmocka_range.h"
#include "relay_runner.h"

enum { MEGABYTES_5 = 5 * 1024 * 1024, PATTERN = 251 };

static int64_t milliseconds(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- bytes ---- */

static char pattern(size_t at) {
    return (char)((at * 7 + at / PATTERN) % PATTERN);
}

static int write_pattern(int control) {
    char buffer[10007];
    (void)control;
    for (size_t done = 0; done < MEGABYTES_5;) {
        size_t length = MEGABYTES_5 - done < sizeof(buffer) ? MEGABYTES_5 - done : sizeof(buffer);
        for (size_t i = 0; i < length; i++)
            buffer[i] = pattern(done + i);
        ssize_t written = write(STDOUT_FILENO, buffer, length);
        if (written <= 0)
            return 1;
        done += (size_t)written;
    }
    return 5;
}

static int read_pattern(int control) {
    char buffer[5000];
    (void)control;
    for (size_t done = 0; done < MEGABYTES_5;) {
        ssize_t length = read(STDIN_FILENO, buffer, sizeof(buffer));
        if (length <= 0)
            return 1;
        for (ssize_t i = 0; i < length; i++) {
            if (buffer[i] != pattern(done + (size_t)i))
                return 2;
        }
        done += (size_t)length;
        if (done % 3 == 0)
            (void)usleep(500);
    }
    return 6;
}

/* Reads to the end and compares; pauses every @pause_every bytes. */
static size_t check_pattern(int fd, size_t pause_every) {
    char buffer[16384];
    size_t done = 0;
    size_t next_pause = pause_every;
    ssize_t length;
    while ((length = read(fd, buffer, sizeof(buffer))) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (buffer[i] != pattern(done + (size_t)i))
                fail_msg("byte %zu differs", done + (size_t)i);
        }
        done += (size_t)length;
        if (done >= next_pause) {
            (void)usleep(2000);
            next_pause += pause_every;
        }
    }
    return done;
}

static void output_to_slow_reader(bool socket) {
    int output[2];
    if (socket)
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, output), 0);
    else
        assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    const struct caller caller = {.input = -1, .output = output[1], .raw_inside = true};
    struct runner runner = runner_start(&caller, write_pattern);
    int flags = fcntl(output[1], F_GETFL);
    (void)close(output[1]);
    /* The description is shared with this process, which did not ask for O_NONBLOCK. */
    assert_int_equal(flags & O_NONBLOCK, 0);
    assert_int_equal(check_pattern(output[0], 32768), MEGABYTES_5);
    assert_int_equal(runner_finish(&runner), 5);
    (void)close(output[0]);
}

static void test_output_to_pipe(void **state) {
    (void)state;
    output_to_slow_reader(false);
}

static void test_output_to_socket(void **state) {
    (void)state;
    output_to_slow_reader(true);
}

static void test_input_from_pipe(void **state) {
    (void)state;
    int input[2];
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    const struct caller caller = {.input = input[0], .output = -1, .raw_inside = true};
    struct runner runner = runner_start(&caller, read_pattern);
    (void)close(input[0]);
    char buffer[30011];
    for (size_t done = 0; done < MEGABYTES_5;) {
        size_t length = MEGABYTES_5 - done < sizeof(buffer) ? MEGABYTES_5 - done : sizeof(buffer);
        for (size_t i = 0; i < length; i++)
            buffer[i] = pattern(done + i);
        assert_int_equal(write(input[1], buffer, length), (ssize_t)length);
        done += length;
    }
    (void)close(input[1]);
    assert_int_equal(runner_finish(&runner), 6);
}

/* A regular file is written where its offset is, not from its beginning. */
static int say_short(int control) {
    (void)control;
    return write(STDOUT_FILENO, "short", 5) == 5 ? 0 : 1;
}

static void test_output_to_file(void **state) {
    (void)state;
    char path[] = "/tmp/test_relay.XXXXXX";
    char buffer[64] = "";
    cleanup_close int file = mkostemp(path, O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(write(file, "before ", 7), 7);
    const struct caller caller = {.input = -1, .output = file, .raw_inside = true};
    struct runner runner = runner_start(&caller, say_short);
    assert_int_equal(runner_finish(&runner), 0);
    assert_int_equal(pread(file, buffer, sizeof(buffer) - 1, 0), 12);
    assert_string_equal(buffer, "before short");
}

/* The last words of a process that is gone at once are never lost. */
static int say_4000(int control) {
    char words[4000];
    (void)control;
    memset(words, 'w', sizeof(words));
    return write(STDOUT_FILENO, words, sizeof(words)) == (ssize_t)sizeof(words) ? 9 : 1;
}

static void test_last_words(void **state) {
    (void)state;
    for (int round = 0; round < 200; round++) {
        char buffer[8192];
        size_t total = 0;
        ssize_t length;
        int output[2];
        assert_int_equal(pipe2(output, O_CLOEXEC), 0);
        const struct caller caller = {.input = -1, .output = output[1], .raw_inside = true};
        struct runner runner = runner_start(&caller, say_4000);
        (void)close(output[1]);
        while ((length = read(output[0], buffer, sizeof(buffer))) > 0)
            total += (size_t)length;
        assert_int_equal(total, 4000);
        assert_int_equal(runner_finish(&runner), 9);
        (void)close(output[0]);
    }
}

/* ---- end of input, end of output ---- */

static int copy_lines(int control) {
    char buffer[256];
    ssize_t length;
    (void)control;
    while ((length = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0) {
        for (ssize_t i = 0; i < length; i++)
            buffer[i] = buffer[i] >= 'a' && buffer[i] <= 'z' ? (char)(buffer[i] - 32) : buffer[i];
        if (write(STDOUT_FILENO, buffer, (size_t)length) != length)
            return 1;
    }
    return length == 0 ? 4 : 2;
}

static void end_of_input(const char *text, const char *expected) {
    char buffer[256] = "";
    size_t total = 0;
    ssize_t length;
    int input[2];
    int output[2];
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    const struct caller caller = {.input = input[0], .output = output[1]};
    assert_int_equal(write(input[1], text, strlen(text)), (ssize_t)strlen(text));
    (void)close(input[1]);
    struct runner runner = runner_start(&caller, copy_lines);
    (void)close(input[0]);
    (void)close(output[1]);
    while ((length = read(output[0], buffer + total, sizeof(buffer) - 1 - total)) > 0)
        total += (size_t)length;
    assert_int_equal(runner_finish(&runner), 4);
    if (strstr(buffer, expected) == NULL)
        fail_msg("'%s' is not in '%s'", expected, buffer);
    (void)close(output[0]);
}

static void test_end_of_input(void **state) {
    (void)state;
    end_of_input("one\ntwo\n", "TWO\r\n");
    end_of_input("one\nunfinished", "UNFINISHED");
    end_of_input("", "");
}

static int write_forever(int control) {
    static const char words[4096];
    (void)control;
    while (write(STDOUT_FILENO, words, sizeof(words)) > 0)
        continue;
    return 1;
}

static void test_output_closed(void **state) {
    (void)state;
    char byte;
    int output[2];
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    const struct caller caller = {.input = -1, .output = output[1], .raw_inside = true};
    struct runner runner = runner_start(&caller, write_forever);
    (void)close(output[1]);
    assert_int_equal(read(output[0], &byte, 1), 1);
    (void)close(output[0]);
    assert_int_equal(runner_finish(&runner), 128 + SIGHUP);
}

/* ---- background jobs ---- */

/* Keeps the pty open until the test closes the control socket. */
static int leave_silent_job(int control) {
    if (fork() == 0) {
        char byte;
        _exit(recv(control, &byte, 1, 0) == 0 ? 0 : 1);
    }
    return write(STDOUT_FILENO, "bye", 3) == 3 ? 3 : 1;
}

static int leave_chatting_job(int control) {
    if (fork() == 0) {
        struct pollfd end = {.fd = control, .events = POLLIN};
        while (poll(&end, 1, 20) == 0)
            (void)!write(STDOUT_FILENO, ".", 1);
        _exit(0);
    }
    return write(STDOUT_FILENO, "bye", 3) == 3 ? 3 : 1;
}

static int leave_shouting_job(int control) {
    static const char words[4096] = "!";
    if (fork() == 0) {
        struct pollfd end = {.fd = control, .events = POLLIN};
        while (poll(&end, 1, 0) == 0)
            (void)!write(STDOUT_FILENO, words, sizeof(words));
        _exit(0);
    }
    return write(STDOUT_FILENO, "bye", 3) == 3 ? 3 : 1;
}

static void background_job(payload_function *payload, int64_t bound) {
    char buffer[65536];
    size_t total = 0;
    ssize_t length;
    bool said_bye = false;
    int output[2];
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    const struct caller caller = {
        .input = -1, .output = output[1], .raw_inside = true, .no_session = true};
    int64_t before = milliseconds();
    struct runner runner = runner_start(&caller, payload);
    (void)close(output[1]);
    while ((length = read(output[0], buffer, sizeof(buffer))) > 0) {
        total += (size_t)length;
        said_bye = said_bye || memmem(buffer, (size_t)length, "bye", 3) != NULL;
    }
    assert_true(said_bye);
    assert_true(total >= 3);
    assert_int_equal(runner_finish(&runner), 3);
    assert_uint_in_range(milliseconds() - before, 0, bound);
    (void)close(output[0]);
}

static void test_background_jobs(void **state) {
    (void)state;
    background_job(leave_silent_job, 700);
    background_job(leave_chatting_job, 2000);
    background_job(leave_shouting_job, 2000);
}

/* ---- signals and the caller's terminal ---- */

/* Ready, then waits to be killed, or to be told to end. */
static int wait_for_end(int control) {
    char byte;
    payload_tell(control, "ready");
    return recv(control, &byte, 1, 0) == 1 ? byte : 1;
}

struct terminal {
    int user; /* the test types here */
    int line;
    struct termios modes;
};

static struct terminal open_terminal(void) {
    struct terminal terminal = {0};
    const struct winsize size = {.ws_row = 24, .ws_col = 80};
    assert_int_equal(openpty(&terminal.user, &terminal.line, NULL, NULL, &size), 0);
    assert_int_equal(tcgetattr(terminal.line, &terminal.modes), 0);
    return terminal;
}

static bool is_raw(const struct terminal *terminal) {
    struct termios modes;
    assert_int_equal(tcgetattr(terminal->line, &modes), 0);
    return (modes.c_lflag & (tcflag_t)(ICANON | ECHO | ISIG)) == 0;
}

static void assert_restored(const struct terminal *terminal) {
    struct termios modes = {0}; /* not all of it is filled in by every C library */
    assert_int_equal(tcgetattr(terminal->line, &modes), 0);
    assert_int_equal(modes.c_iflag, terminal->modes.c_iflag);
    assert_int_equal(modes.c_oflag, terminal->modes.c_oflag);
    assert_int_equal(modes.c_cflag, terminal->modes.c_cflag);
    assert_int_equal(modes.c_lflag, terminal->modes.c_lflag);
    assert_memory_equal(modes.c_cc, terminal->modes.c_cc, sizeof(modes.c_cc));
}

static void wait_until_raw(const struct terminal *terminal, bool raw) {
    int64_t until = milliseconds() + 5000;
    while (is_raw(terminal) != raw) {
        assert_true(milliseconds() < until);
        (void)usleep(1000);
    }
}

static void close_terminal(struct terminal *terminal) {
    (void)close(terminal->user);
    (void)close(terminal->line);
}

static void test_forwarded_signal(void **state) {
    (void)state;
    const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGRTMIN + 3};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        struct terminal terminal = open_terminal();
        const struct caller caller = {.input = terminal.line, .output = terminal.line};
        struct runner runner = runner_start(&caller, wait_for_end);
        runner_expect(&runner, "ready");
        wait_until_raw(&terminal, true);
        assert_int_equal(kill(runner.pid, signals[i]), 0);
        assert_int_equal(runner_finish(&runner), 128 + signals[i]);
        assert_restored(&terminal);
        close_terminal(&terminal);
    }
}

static void test_kept_signal(void **state) {
    (void)state;
    struct terminal terminal = open_terminal();
    const struct caller caller = {
        .input = terminal.line, .output = terminal.line, .keep_signals = true};
    struct runner runner = runner_start(&caller, wait_for_end);
    runner_expect(&runner, "ready");
    wait_until_raw(&terminal, true);
    assert_int_equal(kill(runner.pid, SIGTERM), 0);
    assert_int_equal(runner_finish(&runner), RELAY_LEFT);
    assert_restored(&terminal);
    close_terminal(&terminal);
}

static void test_signals_without_terminal(void **state) {
    (void)state;
    const struct caller caller = {.input = -1, .output = -1, .signals_only = true};
    struct runner runner = runner_start(&caller, wait_for_end);
    runner_expect(&runner, "ready");
    assert_int_equal(kill(runner.pid, SIGURG), 0);
    assert_int_equal(kill(runner.pid, SIGWINCH), 0);
    assert_int_equal(kill(runner.pid, SIGUSR2), 0);
    assert_int_equal(runner_finish(&runner), 128 + SIGUSR2);
}

/* SIGTSTP gives the terminal back, SIGCONT takes it again. */
static void test_stop_and_continue(void **state) {
    (void)state;
    int status = 0;
    struct terminal terminal = open_terminal();
    const struct winsize size = {.ws_row = 50, .ws_col = 132};
    const struct caller caller = {.input = terminal.line, .output = terminal.line};
    struct runner runner = runner_start(&caller, wait_for_end);
    runner_expect(&runner, "ready");
    wait_until_raw(&terminal, true);
    assert_int_equal(kill(runner.pid, SIGTSTP), 0);
    assert_int_equal(waitpid(runner.pid, &status, WUNTRACED), runner.pid);
    assert_true(WIFSTOPPED(status));
    assert_restored(&terminal);
    assert_int_equal(ioctl(terminal.user, TIOCSWINSZ, &size), 0);
    assert_int_equal(kill(runner.pid, SIGCONT), 0);
    wait_until_raw(&terminal, true);
    struct winsize inside = {0};
    for (int i = 0; i < 2000 && inside.ws_row != size.ws_row; i++) {
        (void)usleep(1000);
        assert_int_equal(ioctl(runner.inside, TIOCGWINSZ, &inside), 0);
    }
    assert_int_equal(inside.ws_row, 50);
    assert_int_equal(send(runner.control, "\7", 1, 0), 1);
    assert_int_equal(runner_finish(&runner), 7);
    assert_restored(&terminal);
    close_terminal(&terminal);
}

static void test_window_size_storm(void **state) {
    (void)state;
    struct winsize inside = {0};
    struct terminal terminal = open_terminal();
    const struct caller caller = {.input = terminal.line, .output = terminal.line};
    struct runner runner = runner_start(&caller, wait_for_end);
    runner_expect(&runner, "ready");
    wait_until_raw(&terminal, true);
    for (unsigned short i = 1; i <= 2000; i++) {
        const struct winsize size = {.ws_row = i, .ws_col = (unsigned short)(2 * i)};
        assert_int_equal(ioctl(terminal.user, TIOCSWINSZ, &size), 0);
        assert_int_equal(kill(runner.pid, SIGWINCH), 0);
    }
    for (int i = 0; i < 2000 && inside.ws_row != 2000; i++) {
        (void)usleep(1000);
        assert_int_equal(ioctl(runner.inside, TIOCGWINSZ, &inside), 0);
    }
    assert_int_equal(inside.ws_row, 2000);
    assert_int_equal(inside.ws_col, 4000);
    assert_int_equal(send(runner.control, "\10", 1, 0), 1);
    assert_int_equal(runner_finish(&runner), 8);
    assert_restored(&terminal);
    close_terminal(&terminal);
}

/* What is typed arrives inside once, and its echo comes from there. */
static void test_typing(void **state) {
    (void)state;
    char buffer[64] = "";
    size_t total = 0;
    struct terminal terminal = open_terminal();
    const struct caller caller = {.input = terminal.line, .output = terminal.line};
    struct runner runner = runner_start(&caller, copy_lines);
    wait_until_raw(&terminal, true);
    assert_int_equal(write(terminal.user, "hello\r\4", 7), 7);
    while (total < 14) {
        ssize_t length = read(terminal.user, buffer + total, sizeof(buffer) - 1 - total);
        assert_true(length > 0);
        total += (size_t)length;
    }
    assert_string_equal(buffer, "hello\r\nHELLO\r\n");
    assert_int_equal(runner_finish(&runner), 4);
    assert_restored(&terminal);
    close_terminal(&terminal);
}

/* A terminal that is closed hangs up what runs inside. */
static void test_terminal_gone(void **state) {
    (void)state;
    struct terminal terminal = open_terminal();
    const struct caller caller = {.input = terminal.line, .output = terminal.line};
    struct runner runner = runner_start(&caller, wait_for_end);
    runner_expect(&runner, "ready");
    wait_until_raw(&terminal, true);
    close_terminal(&terminal);
    assert_int_equal(runner_finish(&runner), 128 + SIGHUP);
}

/* Orphans end up with a subreaper; it must not mistake one for its process. */
static int leave_orphans(int control) {
    for (int i = 0; i < 5; i++) {
        if (fork() == 0) {
            if (fork() == 0) {
                (void)usleep(1000);
                _exit(77);
            }
            _exit(78);
        }
    }
    while (wait(NULL) > 0)
        continue;
    (void)usleep(50000);
    payload_tell(control, "done");
    char byte;
    return recv(control, &byte, 1, 0) == 1 ? byte : 1;
}

static int count_zombies_of(pid_t parent) {
    char command[96];
    int count = -1;
    (void)snprintf(
        command, sizeof(command),
        "grep -s '^State:.Z' $(grep -ls '^PPid:.%d$' /proc/[0-9]*/status) /dev/null | wc -l",
        (int)parent);
    FILE *answer = popen(command, "r");
    assert_non_null(answer);
    assert_int_equal(fscanf(answer, "%d", &count), 1);
    (void)pclose(answer);
    return count;
}

static void test_subreaper(void **state) {
    (void)state;
    const struct caller caller = {
        .input = -1, .output = -1, .signals_only = true, .subreaper = true};
    struct runner runner = runner_start(&caller, leave_orphans);
    runner_expect(&runner, "done");
    (void)usleep(20000);
    assert_int_equal(count_zombies_of(runner.pid), 0);
    assert_int_equal(send(runner.control, "\13", 1, 0), 1);
    assert_int_equal(runner_finish(&runner), 11);
}

int main(void) {
    /* Under nohup, or in the background of a script, the relay would spare the process inside, too.
     */
    (void)signal(SIGHUP, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_output_to_pipe),
        cmocka_unit_test(test_output_to_socket),
        cmocka_unit_test(test_input_from_pipe),
        cmocka_unit_test(test_output_to_file),
        cmocka_unit_test(test_last_words),
        cmocka_unit_test(test_end_of_input),
        cmocka_unit_test(test_output_closed),
        cmocka_unit_test(test_background_jobs),
        cmocka_unit_test(test_forwarded_signal),
        cmocka_unit_test(test_kept_signal),
        cmocka_unit_test(test_signals_without_terminal),
        cmocka_unit_test(test_stop_and_continue),
        cmocka_unit_test(test_window_size_storm),
        cmocka_unit_test(test_typing),
        cmocka_unit_test(test_terminal_gone),
        cmocka_unit_test(test_subreaper),
    };
    (void)alarm(120);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
