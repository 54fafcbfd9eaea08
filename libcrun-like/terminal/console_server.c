/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper of consoles: one loop over what programs say, what is typed, and the viewers. */
#include "terminal/console_server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/process_calls.h"
#include "terminal/console_viewers.h"

enum {
    RETRY_MILLISECONDS = 100,
    FAREWELL_MILLISECONDS = 10000, /* for viewers that take nothing, at the end */
};

struct console_server {
    struct terminal_console_setup setup;
    struct console *consoles;
    struct console_viewers viewers;
    int signals;
    struct terminal_program program;
    bool exited;
    struct terminal_end end;
};

/* Blocked, not ignored: what is ignored stays so in programs that are started later. */
static int block_signals(bool takes_sigterm) {
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGPIPE);
    (void)sigaddset(&set, SIGCHLD);
    if (takes_sigterm)
        (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_SETMASK, &set, NULL);
    (void)sigdelset(&set, SIGHUP);
    (void)sigdelset(&set, SIGPIPE);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

struct console_server *terminal_console_server_new(const struct terminal_console_setup *setup,
                                                   struct thole_error *err) {
    struct console_server *server = calloc(1, sizeof(*server));
    struct console *consoles = calloc(setup->count, sizeof(*consoles));
    if (server == NULL || consoles == NULL)
        abort();
    server->setup = *setup;
    server->consoles = consoles;
    server->viewers =
        (struct console_viewers){.consoles = consoles, .console_count = setup->count, .pidfd = -1};
    server->signals = block_signals(setup->takes_sigterm);
    if (server->signals < 0) {
        error_errno(err, NULL, "create a signalfd");
        return NULL;
    }
    for (size_t i = 0; i < setup->count; i++) {
        if (console_init(&consoles[i], setup->buffer, err) < 0)
            return NULL;
        consoles[i].standing = i > 0;
    }
    consoles[0].logs = setup->logs;
    consoles[0].log_count = setup->log_count;
    return server;
}

int terminal_console_server_open(struct console_server *server,
                                 const struct terminal_console *consoles,
                                 const struct terminal_program *program, struct thole_error *err) {
    server->program = *program;
    server->viewers.pidfd = program->pidfd;
    server->exited = false;
    server->end = (struct terminal_end){0};
    int result = 0;
    for (size_t i = 0; i < server->setup.count; i++) {
        if (console_open(&server->consoles[i], &consoles[i], err) < 0)
            result = -1;
    }
    console_viewers_resize(&server->viewers);
    return result;
}

int terminal_end_status(const struct terminal_end *end) {
    if (!end->known)
        return -1;
    return end->by_signal ? 128 + end->number : end->number;
}

void terminal_console_server_add(struct console_server *server, int viewer) {
    console_viewers_add(&server->viewers, viewer);
}

/* ---- the program ---- */

static void note_exit(struct console_server *server, const siginfo_t *info) {
    server->exited = true;
    server->viewers.pidfd = -1;
    for (size_t i = 0; i < server->setup.count; i++)
        console_note_exit(&server->consoles[i]);
    if (info != NULL)
        server->end = (struct terminal_end){
            .known = true, .by_signal = info->si_code != CLD_EXITED, .number = info->si_status};
}

static void reap(struct console_server *server) {
    const struct terminal_program *program = &server->program;
    struct pollfd entry = {.fd = program->pidfd, .events = POLLIN};
    siginfo_t info = {0};
    while (server->setup.reaps && waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 &&
           info.si_pid != 0) {
        if (info.si_pid == program->pid && !server->exited)
            note_exit(server, &info);
        info = (siginfo_t){0};
    }
    if (!server->exited && !server->setup.reaps && poll(&entry, 1, 0) == 1)
        note_exit(server, NULL);
}

static void receive_signals(struct console_server *server) {
    struct signalfd_siginfo info;
    while (read(server->signals, &info, sizeof(info)) > 0) {
        if (info.ssi_signo == SIGTERM)
            console_viewers_pass_signal(&server->viewers, SIGTERM);
    }
}

/* Its parent waits for a process that was not started by this one. */
static void learn_end(struct console_server *server, struct terminal_end *end) {
    const int pidfd = server->program.pidfd;
    int status = pidfd_wait_status(pidfd);
    for (int64_t start = clock_now();
         status < 0 && errno == EAGAIN && clock_now() - start < FAREWELL_MILLISECONDS;
         status = pidfd_wait_status(pidfd))
        (void)poll(NULL, 0, RETRY_MILLISECONDS);
    end->known = status >= 0;
    end->by_signal = !WIFEXITED(status);
    end->number = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
}

/* ---- the loop ---- */

enum { AT_LISTENER, AT_SIGNALS, AT_PROCESS, AT_CONSOLES };
/* Of each console. */
enum { AT_INPUT, AT_STREAMS, AT_COUNT = AT_STREAMS + 2 };

static void want(struct pollfd *entry, int fd, short events) {
    *entry = (struct pollfd){.fd = events != 0 ? fd : -1, .events = events};
}

/* How much may be read without taking from a viewer what it has not seen yet. */
static size_t room_in(const struct console_server *server, const struct console *console,
                      int which) {
    const size_t size = console->streams[which].ring.size;
    const uint64_t most = console_viewers_behind(&server->viewers, console, which);
    return most >= size ? 0 : size - (size_t)most;
}

/* Returns true if it has to be looked at without being asked to. */
static bool prepare_console(const struct console_server *server, const struct console *console,
                            struct pollfd *entries) {
    bool retries = false;
    want(&entries[AT_INPUT], console->input.fd,
         !server->exited && flow_pending(console->typed) > 0 ? POLLOUT : 0);
    for (int i = 0; i < 2; i++) {
        const struct console_stream *stream = &console->streams[i];
        const bool readable = stream->fd >= 0 && !stream->unused && room_in(server, console, i) > 0;
        want(&entries[AT_STREAMS + i], stream->fd, readable ? POLLIN : 0);
        retries = retries || (stream->fd >= 0 && (stream->unused || server->exited));
    }
    return retries;
}

static int prepare(const struct console_server *server, struct pollfd *entries) {
    const size_t count = server->setup.count;
    bool retries = console_viewers_stall(&server->viewers);
    want(&entries[AT_LISTENER], server->setup.listener, POLLIN);
    want(&entries[AT_SIGNALS], server->signals, POLLIN);
    want(&entries[AT_PROCESS], server->program.pidfd, server->exited ? 0 : POLLIN);
    for (size_t i = 0; i < count; i++) {
        if (prepare_console(server, &server->consoles[i], &entries[AT_CONSOLES + i * AT_COUNT]))
            retries = true;
    }
    for (size_t i = 0; i < server->viewers.count; i++)
        entries[AT_CONSOLES + count * AT_COUNT + i] =
            (struct pollfd){.fd = server->viewers.items[i].fd,
                            .events = console_viewer_events(&server->viewers.items[i])};
    return retries ? RETRY_MILLISECONDS : -1;
}

static void read_console(const struct console_server *server, struct console *console,
                         const struct pollfd *entries) {
    for (int i = 0; i < 2; i++) {
        struct console_stream *stream = &console->streams[i];
        const bool ready = entries[AT_STREAMS + i].revents != 0 || stream->unused || server->exited;
        if (stream->fd < 0)
            continue;
        if (ready) {
            stream->unused = false;
            console_read(console, i, room_in(server, console, i));
        }
        if (server->exited && stream->fd >= 0)
            console_end_stream(console, i);
    }
}

/* Once around, @timeout -1: however long it takes. */
static void exchange(struct console_server *server, int timeout) {
    const size_t count = server->viewers.count;
    const size_t at_viewers = AT_CONSOLES + server->setup.count * AT_COUNT;
    struct pollfd *entries = calloc(at_viewers + count, sizeof(*entries));
    if (entries == NULL)
        abort();
    const int own = prepare(server, entries);
    if (own >= 0 && (timeout < 0 || own < timeout))
        timeout = own;
    if (poll(entries, at_viewers + count, timeout) >= 0) {
        receive_signals(server);
        reap(server);
        for (size_t i = 0; i < server->setup.count; i++)
            read_console(server, &server->consoles[i], &entries[AT_CONSOLES + i * AT_COUNT]);
        /* From the last to the first: whoever takes a dropped one's place has been served. */
        for (size_t i = count; i-- > 0;)
            console_viewers_serve(&server->viewers, i, entries[at_viewers + i].revents);
        for (size_t i = 0; i < server->setup.count; i++)
            console_write_input(&server->consoles[i]);
        if (entries[AT_LISTENER].revents != 0)
            console_viewers_accept(&server->viewers, server->setup.listener);
    }
    free(entries);
}

struct terminal_end terminal_console_server_run(struct console_server *server) {
    while (!server->exited)
        exchange(server, -1);
    return server->end;
}

static void close_consoles(struct console_server *server) {
    for (size_t i = 0; i < server->setup.count; i++)
        console_close(&server->consoles[i]);
}

static bool is_read(const struct console_server *server) {
    for (size_t i = 0; i < server->setup.count; i++) {
        if (!console_is_read(&server->consoles[i]))
            return false;
    }
    return true;
}

void terminal_console_server_drain(struct console_server *server) {
    while (!is_read(server))
        exchange(server, -1);
    close_consoles(server);
}

void terminal_console_server_abandon(struct console_server *server) {
    server->exited = true;
    server->viewers.pidfd = -1;
    close_consoles(server);
}

void terminal_console_server_wait(struct console_server *server, int64_t milliseconds) {
    const int64_t end = clock_now() + milliseconds;
    for (int64_t left = milliseconds; left > 0 && !terminal_console_server_is_told_to_end(server);
         left = end - clock_now())
        exchange(server, left < 60000 ? (int)left : 60000);
}

bool terminal_console_server_is_told_to_end(const struct console_server *server) {
    return server->viewers.asks_for_end;
}

void terminal_console_server_close(struct console_server *server, const struct terminal_end *end) {
    const int64_t begin = clock_now();
    struct terminal_end told = *end;
    while (!console_viewers_are_up_to_date(&server->viewers,
                                           clock_now() - begin < FAREWELL_MILLISECONDS))
        exchange(server, RETRY_MILLISECONDS);
    if (!told.known && server->viewers.count > 0)
        learn_end(server, &told);
    console_viewers_say_goodbye(&server->viewers, terminal_end_status(&told));
}
