/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper of a console: one loop over the program's output, its input and the viewers. */
#include "terminal/console_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "sys/process_calls.h"
#include "terminal/console_protocol.h"
#include "terminal/endpoint.h"
#include "terminal/ring.h"

enum {
    RING_SIZE = 262144, /* what a viewer sees of the time before it came */
    STALL_MILLISECONDS = 1000,
    QUIET_MILLISECONDS = 100, /* after the end, see relay.c */
    LINGER_MILLISECONDS = 1000,
    PTY_HOLDS = 131072,
    RETRY_MILLISECONDS = 100,
    FAREWELL_MILLISECONDS = 10000, /* for viewers that take nothing, at the end */
    REDRAW_SEARCH = 4096, /* a replay begins at a line's beginning, if there is one so near */
};

struct viewer {
    int fd;
    bool greeted;
    bool writes;
    uint16_t rows;
    uint16_t columns;
    uint64_t position[2]; /* in the streams */
    int64_t stalled;      /* since when it takes nothing, 0: it does */
};

struct stream {
    int fd;              /* -1: at its end */
    bool unused;         /* a pty that nobody has open at the moment */
    bool emptied;        /* since the end of the program */
    uint64_t after_exit; /* bytes read since then */
    struct ring ring;
};

struct server {
    const struct terminal_console *console;
    struct stream streams[2];
    struct flow *to_input;
    struct endpoint input;
    bool end_of_input;
    char last_input;
    int signals;
    struct viewer *viewers;
    size_t count;
    bool exited;
    bool status_known;
    int status;
    int64_t exit_time;
    int64_t last_output;
};

/* ---- the program ---- */

static void note_exit(struct server *server, const siginfo_t *info) {
    server->exited = true;
    server->exit_time = clock_now();
    server->last_output = server->exit_time;
    if (info == NULL)
        return;
    server->status_known = true;
    server->status = info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
}

static void reap(struct server *server) {
    const struct terminal_console *console = server->console;
    struct pollfd entry = {.fd = console->pidfd, .events = POLLIN};
    siginfo_t info = {0};
    while (console->reaps && waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
        if (info.si_pid == console->pid && !server->exited)
            note_exit(server, &info);
        info = (siginfo_t){0};
    }
    if (!server->exited && !console->reaps && poll(&entry, 1, 0) == 1)
        note_exit(server, NULL);
}

static void write_input(struct server *server) {
    if (server->input.fd >= 0 && flow_pending(server->to_input) > 0 &&
        flow_drain(server->to_input, &server->input) == ENDPOINT_CLOSED)
        server->to_input->start = server->to_input->end;
    if (server->end_of_input && server->console->master < 0 && server->input.fd >= 0 &&
        flow_pending(server->to_input) == 0) {
        (void)close(server->input.fd);
        server->input.fd = -1;
    }
}

/* As from a keyboard: see tell_end_of_input() of relay.c. */
static void end_input(struct server *server) {
    struct termios modes;
    server->end_of_input = true;
    if (server->console->master < 0 || tcgetattr(server->console->master, &modes) < 0 ||
        (modes.c_lflag & (tcflag_t)ICANON) == 0 || flow_room(server->to_input) < 2)
        return;
    for (int i = server->last_input == '\n' ? 1 : 2; i > 0; i--)
        server->to_input->bytes[server->to_input->end++] = (char)modes.c_cc[VEOF];
}

static void apply_size(const struct server *server, uint16_t rows, uint16_t columns) {
    const struct winsize size = {.ws_row = rows, .ws_col = columns};
    if (server->console->master >= 0 && rows != 0 && columns != 0)
        (void)ioctl(server->console->master, TIOCSWINSZ, &size);
}

/* ---- viewers: what they send ---- */

/* A replay from the middle of a stream would begin in the middle of a line or of a sequence. */
static uint64_t replay_start(const struct ring *ring) {
    const uint64_t start = ring_start(ring);
    if (start == 0)
        return 0;
    for (uint64_t at = start; at < ring->end && at < start + REDRAW_SEARCH; at++) {
        if (ring->bytes[at % ring->size] == '\n')
            return at + 1;
    }
    return start;
}

/* Programs that draw a whole screen do it again for a terminal of another size. */
static void ask_for_redraw(const struct server *server) {
    struct winsize size;
    if (server->console->master < 0 || ring_start(&server->streams[0].ring) == 0 ||
        ioctl(server->console->master, TIOCGWINSZ, &size) < 0 || size.ws_row < 2)
        return;
    apply_size(server, size.ws_row - 1, size.ws_col);
    apply_size(server, size.ws_row, size.ws_col);
}

static bool greet(struct server *server, struct viewer *viewer,
                  const struct console_message *hello) {
    struct termios modes;
    struct console_message welcome = {.kind = CONSOLE_WELCOME};
    welcome.payload.welcome.version = CONSOLE_VERSION;
    welcome.payload.welcome.terminal = server->console->master >= 0;
    welcome.payload.welcome.bare = server->console->master >= 0 &&
                                   tcgetattr(server->console->master, &modes) == 0 &&
                                   (modes.c_oflag & (tcflag_t)(OPOST | ONLCR)) == OPOST;
    viewer->greeted = true;
    viewer->writes = hello->payload.hello.writes != 0;
    viewer->rows = hello->payload.hello.rows;
    viewer->columns = hello->payload.hello.columns;
    for (int i = 0; i < 2; i++)
        viewer->position[i] = replay_start(&server->streams[i].ring);
    if (send(viewer->fd, &welcome, CONSOLE_LENGTH(sizeof(welcome.payload.welcome)),
             MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return false;
    if (viewer->writes) {
        apply_size(server, viewer->rows, viewer->columns);
        ask_for_redraw(server);
    }
    return true;
}

static void take_input(struct server *server, struct viewer *viewer, const char *bytes,
                       size_t length) {
    struct flow *flow = server->to_input;
    if (!viewer->writes || length == 0 || server->input.fd < 0 || flow_room(flow) < length)
        return;
    /* The window is the one of whoever typed last. */
    apply_size(server, viewer->rows, viewer->columns);
    memcpy(flow->bytes + flow->end, bytes, length);
    flow->end += length;
    server->last_input = bytes[length - 1];
}

/* Returns false when the viewer is gone or talks nonsense. */
static bool receive_from(struct server *server, struct viewer *viewer) {
    struct console_message message;
    ssize_t got = recv(viewer->fd, &message, sizeof(message), MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if ((size_t)got < CONSOLE_LENGTH(0))
        return false;
    const size_t length = (size_t)got - CONSOLE_LENGTH(0);
    if (!viewer->greeted)
        return message.kind == CONSOLE_HELLO && length == sizeof(message.payload.hello) &&
               message.payload.hello.version == CONSOLE_VERSION && greet(server, viewer, &message);
    switch (message.kind) {
    case CONSOLE_INPUT:
        take_input(server, viewer, message.payload.bytes, length);
        return true;
    case CONSOLE_END_OF_INPUT:
        if (viewer->writes)
            end_input(server);
        return true;
    case CONSOLE_SIZE:
        if (length != sizeof(message.payload.size))
            return false;
        viewer->rows = message.payload.size.rows;
        viewer->columns = message.payload.size.columns;
        if (viewer->writes)
            apply_size(server, viewer->rows, viewer->columns);
        return true;
    default:
        return false;
    }
}

/* ---- viewers: what they get ---- */

static bool is_left_behind(const struct viewer *viewer) {
    return viewer->stalled != 0 && clock_now() - viewer->stalled >= STALL_MILLISECONDS;
}

static bool is_up_to_date(const struct server *server, const struct viewer *viewer) {
    return viewer->position[0] == server->streams[0].ring.end &&
           viewer->position[1] == server->streams[1].ring.end;
}

/* One message of one stream. Returns bytes sent, 0 for none to send, -1 with errno set. */
static ssize_t send_piece(struct server *server, struct viewer *viewer, int which) {
    const struct ring *ring = &server->streams[which].ring;
    struct console_message message;
    const char *bytes = NULL;
    if (viewer->position[which] < ring_start(ring))
        viewer->position[which] = replay_start(ring);
    const size_t length = ring_bytes(ring, viewer->position[which], CONSOLE_BYTES, &bytes);
    if (length == 0)
        return 0;
    message.kind = which == 0 ? CONSOLE_OUTPUT : CONSOLE_ERROR_OUTPUT;
    memcpy(message.payload.bytes, bytes, length);
    if (send(viewer->fd, &message, CONSOLE_LENGTH(length), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        return -1;
    viewer->position[which] += length;
    return (ssize_t)length;
}

/* Returns false when the viewer is gone. */
static bool send_to(struct server *server, struct viewer *viewer) {
    for (int which = 0; which < 2; which++) {
        ssize_t sent;
        do {
            sent = send_piece(server, viewer, which);
            if (sent > 0)
                viewer->stalled = 0;
        } while (sent > 0);
        if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
            return false;
        if (sent < 0 && viewer->stalled == 0)
            viewer->stalled = clock_now();
        if (sent < 0)
            return true;
    }
    return true;
}

static void accept_viewer(struct server *server) {
    struct ucred peer;
    socklen_t size = sizeof(peer);
    cleanup_close int fd =
        accept4(server->console->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
        (peer.uid != geteuid() && peer.uid != 0))
        return;
    struct viewer *viewers =
        realloc(server->viewers, (server->count + 1) * sizeof(*server->viewers));
    if (viewers == NULL)
        return;
    server->viewers = viewers;
    server->viewers[server->count++] = (struct viewer){.fd = take_fd(&fd)};
}

static void drop_viewer(struct server *server, size_t index) {
    (void)close(server->viewers[index].fd);
    server->viewers[index] = server->viewers[--server->count];
}

/* Its parent waits for a process that was not started by this one. */
static void learn_status(struct server *server) {
    const int pidfd = server->console->pidfd;
    int status = pidfd_wait_status(pidfd);
    for (int64_t start = clock_now();
         status < 0 && errno == EAGAIN && clock_now() - start < FAREWELL_MILLISECONDS;
         status = pidfd_wait_status(pidfd))
        (void)poll(NULL, 0, RETRY_MILLISECONDS);
    server->status_known = status >= 0;
    server->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void say_goodbye(struct server *server) {
    if (server->count > 0 && server->exited && !server->status_known)
        learn_status(server);
    struct console_message message = {.kind = CONSOLE_EXIT};
    message.payload.exit.known = server->status_known;
    message.payload.exit.status = server->status;
    for (size_t i = 0; i < server->count; i++)
        (void)send(server->viewers[i].fd, &message, CONSOLE_LENGTH(sizeof(message.payload.exit)),
                   MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- the program's output ---- */

/* How much may be read without taking from a viewer what it has not seen yet. */
static size_t room_in(const struct server *server, int which) {
    const struct ring *ring = &server->streams[which].ring;
    uint64_t most = 0;
    for (size_t i = 0; i < server->count; i++) {
        const struct viewer *viewer = &server->viewers[i];
        const uint64_t behind = ring->end - viewer->position[which];
        if (viewer->greeted && !is_left_behind(viewer) && behind > most)
            most = behind;
    }
    return most >= ring->size ? 0 : ring->size - (size_t)most;
}

static void read_stream(struct server *server, int which) {
    struct stream *stream = &server->streams[which];
    char *bytes = NULL;
    size_t room = ring_space(&stream->ring, room_in(server, which), &bytes);
    if (room == 0)
        return;
    ssize_t got = read(stream->fd, bytes, room);
    if (got > 0) {
        ring_added(&stream->ring, (size_t)got);
        server->last_output = clock_now();
        stream->after_exit += server->exited ? (uint64_t)got : 0;
        return;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        stream->emptied = server->exited;
        return;
    }
    /* The end of a pipe; EIO of a pty: nobody has it open, but somebody may open it again. */
    if (server->console->master < 0 || server->exited)
        stream->fd = -1;
    else
        stream->unused = true;
}

/* What the program itself wrote has been read: see has_last_words() of relay.c. */
static void end_stream(struct server *server, struct stream *stream) {
    const int64_t time = clock_now();
    const bool quiet = time - server->last_output >= QUIET_MILLISECONDS;
    const bool lingered = time - server->exit_time >= LINGER_MILLISECONDS;
    if (stream->emptied && (quiet || lingered))
        stream->fd = -1;
    if (lingered && stream->after_exit >= PTY_HOLDS)
        stream->fd = -1;
}

static bool is_finished(const struct server *server) {
    if (!server->exited || server->streams[0].fd >= 0 || server->streams[1].fd >= 0)
        return false;
    for (size_t i = 0; i < server->count; i++) {
        const struct viewer *viewer = &server->viewers[i];
        const bool patient = clock_now() - server->exit_time < FAREWELL_MILLISECONDS;
        if (viewer->greeted && !is_up_to_date(server, viewer) &&
            (patient || !is_left_behind(viewer)))
            return false;
    }
    return true;
}

/* ---- the loop ---- */

enum { AT_LISTENER, AT_SIGNALS, AT_PROCESS, AT_INPUT, AT_STREAMS, AT_VIEWERS = AT_STREAMS + 2 };

static void want(struct pollfd *entry, int fd, short events) {
    *entry = (struct pollfd){.fd = events != 0 ? fd : -1, .events = events};
}

static int prepare(struct server *server, struct pollfd *entries) {
    int timeout = -1;
    want(&entries[AT_LISTENER], server->console->listener, POLLIN);
    want(&entries[AT_SIGNALS], server->signals, POLLIN);
    want(&entries[AT_PROCESS], server->console->pidfd, server->exited ? 0 : POLLIN);
    want(&entries[AT_INPUT], server->input.fd,
         !server->exited && flow_pending(server->to_input) > 0 ? POLLOUT : 0);
    for (int i = 0; i < 2; i++) {
        const struct stream *stream = &server->streams[i];
        const bool readable = stream->fd >= 0 && !stream->unused && room_in(server, i) > 0;
        want(&entries[AT_STREAMS + i], stream->fd, readable ? POLLIN : 0);
        if (stream->fd >= 0 && (stream->unused || server->exited))
            timeout = RETRY_MILLISECONDS;
    }
    const bool room = flow_room(server->to_input) >= CONSOLE_BYTES;
    for (size_t i = 0; i < server->count; i++) {
        const struct viewer *viewer = &server->viewers[i];
        const bool pending = viewer->greeted && !is_up_to_date(server, viewer);
        entries[AT_VIEWERS + i] = (struct pollfd){
            .fd = viewer->fd,
            .events = (short)((room ? POLLIN : 0) | (pending ? POLLOUT : 0)),
        };
        if (viewer->stalled != 0)
            timeout = RETRY_MILLISECONDS;
    }
    return timeout;
}

static void serve_viewer(struct server *server, size_t index, short events) {
    struct viewer *viewer = &server->viewers[index];
    bool stays = (events & (POLLERR | POLLNVAL)) == 0;
    if (stays && (events & POLLIN) != 0)
        stays = receive_from(server, viewer);
    else if ((events & POLLHUP) != 0)
        stays = false;
    if (stays && viewer->greeted && !is_up_to_date(server, viewer))
        stays = send_to(server, viewer);
    if (!stays)
        drop_viewer(server, index);
}

static bool exchange(struct server *server) {
    const size_t count = server->count;
    cleanup_free struct pollfd *entries = calloc(AT_VIEWERS + count, sizeof(*entries));
    if (entries == NULL)
        return false;
    int ready = poll(entries, AT_VIEWERS + count, prepare(server, entries));
    if (ready < 0 && errno != EINTR)
        return false;
    if (ready < 0)
        return true;
    struct signalfd_siginfo info;
    while (read(server->signals, &info, sizeof(info)) > 0)
        continue;
    reap(server);
    for (int i = 0; i < 2; i++) {
        struct stream *stream = &server->streams[i];
        if (stream->fd >= 0 && (entries[AT_STREAMS + i].revents != 0 || stream->unused)) {
            stream->unused = false;
            read_stream(server, i);
        } else if (server->exited && stream->fd >= 0 && room_in(server, i) > 0) {
            read_stream(server, i);
        }
        if (server->exited && stream->fd >= 0)
            end_stream(server, stream);
    }
    /* From the last to the first: whoever takes a dropped one's place has been served. */
    for (size_t i = count; i-- > 0;)
        serve_viewer(server, i, entries[AT_VIEWERS + i].revents);
    write_input(server);
    if (entries[AT_LISTENER].revents != 0)
        accept_viewer(server);
    return true;
}

static bool start(struct server *server) {
    const struct terminal_console *console = server->console;
    const int fds[2] = {console->master >= 0 ? console->master : console->outputs[0],
                        console->master >= 0 ? -1 : console->outputs[1]};
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigprocmask(SIG_SETMASK, &set, NULL);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    server->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    server->to_input = calloc(1, sizeof(*server->to_input));
    server->input.fd = console->master >= 0 ? console->master : console->input;
    if (server->signals < 0 || server->to_input == NULL ||
        (server->input.fd >= 0 && fcntl(server->input.fd, F_SETFL, O_NONBLOCK | O_WRONLY) < 0))
        return false;
    for (int i = 0; i < 2; i++) {
        struct stream *stream = &server->streams[i];
        stream->fd = fds[i];
        if (ring_init(&stream->ring, RING_SIZE, NULL) < 0 ||
            (fds[i] >= 0 && fcntl(fds[i], F_SETFL, O_NONBLOCK) < 0))
            return false;
    }
    return true;
}

int terminal_console_serve(const struct terminal_console *console) {
    struct server server = {.console = console, .input = ENDPOINT_INIT, .last_input = '\n'};
    if (!start(&server))
        return -1;
    while (!is_finished(&server) && exchange(&server))
        continue;
    say_goodbye(&server);
    return server.status_known ? server.status : -1;
}
