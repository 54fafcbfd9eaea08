/* SPDX-License-Identifier: Apache-2.0 */
/* A table that is drawn again and again on a terminal. */
#include "cli/screen.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

#define OTHER_SCREEN "\033[?1049h\033[?25l" /* without a cursor */
#define FORMER_SCREEN "\033[?25h\033[?1049l"
#define TOP_LEFT "\033[?7l\033[H" /* lines that are too long are cut */
#define REST_OF_LINE "\033[K"
#define REST_OF_SCREEN "\033[J\033[?7h"
#define STAND_OUT "\033[7m"
#define USUAL "\033[0m"

enum { USUAL_ROWS = 24 };

/* A terminal that is gone is told by screen_key(). */
static void put(const char *text, size_t length) {
    (void)file_write_all(STDOUT_FILENO, text, length);
}

static void enter(const struct screen *screen) {
    struct termios modes = screen->modes;
    modes.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    modes.c_cc[VMIN] = 1;
    modes.c_cc[VTIME] = 0;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &modes);
    put(OTHER_SCREEN, strlen(OTHER_SCREEN));
}

static void leave(const struct screen *screen) {
    put(FORMER_SCREEN, strlen(FORMER_SCREEN));
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &screen->modes);
}

bool screen_is_there(void) {
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

static const int taken_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH};

static void fill_set(sigset_t *set) {
    (void)sigemptyset(set);
    for (size_t i = 0; i < sizeof(taken_signals) / sizeof(taken_signals[0]); i++)
        (void)sigaddset(set, taken_signals[i]);
}

int screen_open(struct screen *screen, struct thole_error *err) {
    const char *name = getenv("TERM");
    sigset_t set;
    if (!screen_is_there())
        return error_unsupported(err, NULL, "stdin is not a tty: --batch needs none");
    if (name == NULL || name[0] == '\0' || strcmp(name, "dumb") == 0)
        return error_unsupported(err, NULL,
                                 "Failed to setup terminal: TERM is not known; --batch needs none");
    if (tcgetattr(STDIN_FILENO, &screen->modes) < 0)
        return error_errno(err, NULL, "read the modes of the terminal");
    fill_set(&set);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    screen->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (screen->signals < 0)
        return error_errno(err, NULL, "create a signalfd");
    enter(screen);
    return 0;
}

void screen_close(struct screen *screen) {
    sigset_t set;
    leave(screen);
    cleanup_close_fd(&screen->signals);
    fill_set(&set);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* The bottom row stays free: a line break there would scroll. */
size_t screen_room(void) {
    struct winsize size;
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
    return (known ? size.ws_row : (size_t)USUAL_ROWS) - 1;
}

void screen_draw(const char *table, size_t heading) {
    cleanup_text struct text text = {0};
    const size_t room = screen_room();
    const char *line = NULL;
    size_t length = 0;
    text_append(&text, TOP_LEFT);
    for (size_t i = 0; i < room && table[0] != '\0' && text_next_line(&table, &line, &length);
         i++) {
        text_append(&text, i < heading ? STAND_OUT : "");
        text_append_bytes(&text, line, length);
        text_append(&text, i < heading ? REST_OF_LINE USUAL "\r\n" : REST_OF_LINE "\r\n");
    }
    text_append(&text, REST_OF_SCREEN);
    put(text.data, text.length);
}

/* What a shell expects of a program that is stopped and goes on. */
static void stop(const struct screen *screen) {
    leave(screen);
    (void)raise(SIGSTOP);
    enter(screen);
}

int screen_key(struct screen *screen, int milliseconds) {
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                           {.fd = screen->signals, .events = POLLIN}};
    struct signalfd_siginfo info;
    char key = 0;
    if (poll(fds, 2, milliseconds) <= 0)
        return 0;
    if (read(screen->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        if (info.ssi_signo == SIGTSTP)
            stop(screen);
        return info.ssi_signo == SIGTSTP || info.ssi_signo == SIGWINCH ? 0 : 'q';
    }
    if (fds[0].revents == 0)
        return 0;
    return read(STDIN_FILENO, &key, 1) == 1 ? key : 'q';
}
