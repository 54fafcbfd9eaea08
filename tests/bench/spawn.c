/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs commands for the benchmark and says what each took. It is small and starts them with
 * posix_spawn(), so that neither the fork nor the memory of a large caller counts.
 *
 * Requests come on fd 0, one a line, words separated by tabs; each is answered by a line on fd 1:
 *
 *     one PAUSE_US TTY WORD...          one command, after the pause; on a new terminal if TTY is 1
 *     many WIDTH COUNT LENGTH WORD...   WIDTH commands of LENGTH words each at once; each is
 *                                       started again when it ends, until COUNT were started
 *
 * Words of the form NAME=VALUE before the program are its environment's. The answer:
 *
 *     MICROSECONDS PEAK_KB FAULTS STATUS
 *
 * of the command and all processes that it waited for; for many, STATUS is the last but 0.
 */
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 65536, WORDS_MAX = 1024, WIDTH_MAX = 64 };

struct request {
    char line[LINE_SIZE];
    char *words[WORDS_MAX + 1];
    int count;
};

static double now(void) {
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void answer(double taken, const struct rusage *usage, int status) {
    dprintf(1, "%.1f %ld %ld %d\n", taken, usage->ru_maxrss, usage->ru_minflt,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void fail(const char *what) {
    dprintf(2, "spawn: %s\n", what);
    _exit(1);
}

/* Reads a line and splits it at the tabs; false at the end of the input. */
static int next_request(struct request *request) {
    size_t length = 0;
    for (;;) {
        ssize_t got = read(0, request->line + length, sizeof(request->line) - length);
        if (got <= 0)
            return 0;
        length += (size_t)got;
        if (request->line[length - 1] == '\n')
            break;
        if (length == sizeof(request->line))
            fail("request too long");
    }
    request->line[length - 1] = '\0';
    request->count = 0;
    for (char *rest = request->line, *word; (word = strsep(&rest, "\t")) != NULL;) {
        if (request->count == WORDS_MAX)
            fail("too many words");
        request->words[request->count++] = word;
    }
    request->words[request->count] = NULL;
    return 1;
}

/* Starts a command with /dev/null, or the terminal at `tty`, as its standard input and output. */
static pid_t start(char **words, const char *tty) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t child = 0;
    char **program = words;
    for (; *program != NULL && (*program)[0] != '/' && strchr(*program, '=') != NULL; program++)
        (void)putenv(*program);
    if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0)
        fail("out of memory");
    /* Opened by a session leader, the terminal becomes the controlling one. */
    (void)posix_spawn_file_actions_addopen(&actions, 0, tty != NULL ? tty : "/dev/null", O_RDWR, 0);
    (void)posix_spawn_file_actions_adddup2(&actions, 0, 1);
    if (tty != NULL)
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    if (posix_spawn(&child, program[0], &actions, &attributes, program, environ) != 0)
        fail("cannot start the command");
    while (program > words) {
        char name[64];
        program--;
        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(*program, "="), *program);
        (void)unsetenv(name);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    (void)posix_spawnattr_destroy(&attributes);
    return child;
}

/* Containers that outlive their runtime become our children: collects those that have ended. */
static void collect_orphans(void) {
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

/* A terminal's master, not to be inherited; the slave stays open so that its modes survive. */
static int open_terminal(int *slave, char *name, size_t size) {
    int master = -1;
    if (openpty(&master, slave, NULL, NULL, NULL) < 0 || ttyname_r(*slave, name, size) != 0 ||
        fcntl(master, F_SETFD, FD_CLOEXEC) < 0 || fcntl(*slave, F_SETFD, FD_CLOEXEC) < 0)
        fail("no terminal");
    return master;
}

static void run_one(struct request *request) {
    const unsigned long pause = strtoul(request->words[1], NULL, 10);
    const struct timespec wait = {(time_t)(pause / 1000000), (long)(pause % 1000000) * 1000};
    struct rusage usage;
    char tty[64];
    int master = -1;
    int slave = -1;
    int status = 0;
    const int on_terminal = strcmp(request->words[2], "1") == 0;
    if (on_terminal)
        master = open_terminal(&slave, tty, sizeof(tty));
    collect_orphans();
    if (pause != 0)
        (void)nanosleep(&wait, NULL);
    double begin = now();
    pid_t child = start(request->words + 3, on_terminal ? tty : NULL);
    if (wait4(child, &status, 0, &usage) < 0)
        fail("wait4");
    double taken = now() - begin;
    if (on_terminal) {
        (void)close(master);
        (void)close(slave);
    }
    answer(taken, &usage, status);
}

static void run_many(struct request *request) {
    const int width = atoi(request->words[1]);
    const int length = atoi(request->words[3]);
    char *commands[WIDTH_MAX][WORDS_MAX / WIDTH_MAX + 1] = {{NULL}};
    pid_t running[WIDTH_MAX] = {0};
    struct rusage usage = {0};
    int left = atoi(request->words[2]);
    int alive = 0;
    int failure = 0;
    if (width < 1 || width > WIDTH_MAX || length < 1 || length > WORDS_MAX / WIDTH_MAX ||
        request->count != 4 + width * length)
        fail("bad request");
    for (int slot = 0; slot < width; slot++)
        memcpy(commands[slot], request->words + 4 + slot * length, sizeof(char *) * (size_t)length);
    double begin = now();
    for (int slot = 0; slot < width && left > 0; slot++, left--, alive++)
        running[slot] = start(commands[slot], NULL);
    while (alive > 0) {
        int status = 0;
        pid_t ended = wait4(-1, &status, 0, &usage);
        int slot = 0;
        while (slot < width && running[slot] != ended)
            slot++;
        if (slot == width)
            continue; /* an orphan */
        if (status != 0)
            failure = status;
        if (left > 0 && failure == 0) {
            running[slot] = start(commands[slot], NULL);
            left--;
        } else {
            running[slot] = 0;
            alive--;
        }
    }
    answer(now() - begin, &usage, failure);
}

int main(void) {
    static struct request request;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    while (next_request(&request)) {
        if (request.count > 3 && strcmp(request.words[0], "one") == 0)
            run_one(&request);
        else if (request.count > 4 && strcmp(request.words[0], "many") == 0)
            run_many(&request);
        else
            fail("unknown request");
    }
    return 0;
}
