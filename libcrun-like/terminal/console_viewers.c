/* SPDX-License-Identifier: Apache-2.0 */
/* Those who look at consoles, and type. */
#include "terminal/console_viewers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "sys/process_calls.h"
#include "terminal/console_protocol.h"

enum { STALL_MILLISECONDS = 1000 };

/* ---- who is there ---- */

static void add(struct console_viewers *viewers, const struct console_viewer *viewer) {
    struct console_viewer *items =
        realloc(viewers->items, (viewers->count + 1) * sizeof(*viewers->items));
    if (items == NULL)
        abort();
    viewers->items = items;
    viewers->items[viewers->count++] = *viewer;
}

void console_viewers_accept(struct console_viewers *viewers, int listener) {
    struct ucred peer;
    socklen_t size = sizeof(peer);
    cleanup_close int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
        (peer.uid != geteuid() && peer.uid != 0))
        return;
    add(viewers, &(const struct console_viewer){.fd = take_fd(&fd)});
}

void console_viewers_add(struct console_viewers *viewers, int fd) {
    add(viewers, &(const struct console_viewer){.fd = fd, .console = &viewers->consoles[0]});
}

static void drop(struct console_viewers *viewers, size_t index) {
    (void)close(viewers->items[index].fd);
    viewers->items[index] = viewers->items[--viewers->count];
}

static bool is_in_use(const struct console_viewers *viewers, const struct console *console) {
    for (size_t i = 0; i < viewers->count; i++) {
        if (viewers->items[i].console == console && viewers->items[i].writes)
            return true;
    }
    return false;
}

static struct console *find_console(const struct console_viewers *viewers, int32_t number) {
    if (number >= 0)
        return (size_t)number < viewers->console_count ? &viewers->consoles[number] : NULL;
    for (size_t i = 1; i < viewers->console_count; i++) {
        if (!is_in_use(viewers, &viewers->consoles[i]))
            return &viewers->consoles[i];
    }
    return NULL;
}

/* ---- what they send ---- */

static bool greet(const struct console_viewers *viewers, struct console_viewer *viewer,
                  const struct console_message *hello) {
    struct console *console = find_console(viewers, hello->payload.hello.console);
    struct console_message welcome = {.kind = CONSOLE_WELCOME};
    welcome.payload.welcome.version = CONSOLE_VERSION;
    welcome.payload.welcome.count = (uint32_t)viewers->console_count;
    welcome.payload.welcome.console = console != NULL ? (int32_t)(console - viewers->consoles) : -1;
    if (console != NULL) {
        welcome.payload.welcome.terminal = console->fds.master >= 0;
        welcome.payload.welcome.bare = console_is_bare(console);
    }
    if (send(viewer->fd, &welcome, CONSOLE_LENGTH(sizeof(welcome.payload.welcome)),
             MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ||
        console == NULL)
        return false;
    viewer->console = console;
    viewer->greeted = true;
    viewer->writes = hello->payload.hello.writes != 0;
    viewer->rows = hello->payload.hello.rows;
    viewer->columns = hello->payload.hello.columns;
    for (int i = 0; i < 2; i++)
        viewer->position[i] = console_replay_start(&console->streams[i].ring);
    if (viewer->writes) {
        console_resize(console, viewer->rows, viewer->columns);
        console_ask_for_redraw(console);
    }
    return true;
}

static void take_input(struct console_viewer *viewer, const char *bytes, size_t length) {
    if (!viewer->writes || length == 0 || !console_takes(viewer->console, length))
        return;
    /* The window is the one of whoever typed last. */
    console_resize(viewer->console, viewer->rows, viewer->columns);
    console_type(viewer->console, bytes, length);
}

static void take_size(struct console_viewer *viewer, const struct console_message *message) {
    viewer->rows = message->payload.size.rows;
    viewer->columns = message->payload.size.columns;
    if (viewer->writes)
        console_resize(viewer->console, viewer->rows, viewer->columns);
}

void console_viewers_pass_signal(struct console_viewers *viewers, int number) {
    if (number == SIGINT || number == SIGTERM || number == SIGQUIT || number == SIGHUP)
        viewers->asks_for_end = true;
    if (viewers->pidfd >= 0)
        (void)pidfd_send_signal(viewers->pidfd, number, NULL, 0);
}

void console_viewers_resize(const struct console_viewers *viewers) {
    for (size_t i = 0; i < viewers->count; i++) {
        const struct console_viewer *viewer = &viewers->items[i];
        if (viewer->console != NULL && viewer->writes)
            console_resize(viewer->console, viewer->rows, viewer->columns);
    }
}

/* Returns false when the viewer is gone or talks nonsense. */
static bool receive_from(struct console_viewers *viewers, struct console_viewer *viewer) {
    struct console_message message;
    ssize_t got = recv(viewer->fd, &message, sizeof(message), MSG_DONTWAIT);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    if ((size_t)got < CONSOLE_LENGTH(0))
        return false;
    const size_t length = (size_t)got - CONSOLE_LENGTH(0);
    if (!viewer->greeted)
        return message.kind == CONSOLE_HELLO && length == sizeof(message.payload.hello) &&
               message.payload.hello.version == CONSOLE_VERSION && greet(viewers, viewer, &message);
    switch (message.kind) {
    case CONSOLE_INPUT:
        take_input(viewer, message.payload.bytes, length);
        return true;
    case CONSOLE_END_OF_INPUT:
        if (viewer->writes)
            console_end_input(viewer->console);
        return true;
    case CONSOLE_SIZE:
        if (length == sizeof(message.payload.size))
            take_size(viewer, &message);
        return length == sizeof(message.payload.size);
    case CONSOLE_SIGNAL:
        if (length == sizeof(message.payload.signal))
            console_viewers_pass_signal(viewers, message.payload.signal.number);
        return length == sizeof(message.payload.signal);
    default:
        return false;
    }
}

/* ---- what they get ---- */

static bool is_left_behind(const struct console_viewer *viewer) {
    return viewer->stalled != 0 && clock_now() - viewer->stalled >= STALL_MILLISECONDS;
}

static bool has_all(const struct console_viewer *viewer) {
    return viewer->console == NULL ||
           (viewer->position[0] == viewer->console->streams[0].ring.end &&
            viewer->position[1] == viewer->console->streams[1].ring.end);
}

/* One message of one stream. Returns bytes sent, 0 for none to send, -1 with errno set. */
static ssize_t send_piece(struct console_viewer *viewer, int which) {
    const struct ring *ring = &viewer->console->streams[which].ring;
    struct console_message message;
    const char *bytes = NULL;
    if (viewer->position[which] < ring_start(ring))
        viewer->position[which] = console_replay_start(ring);
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
static bool send_to(struct console_viewer *viewer) {
    for (int which = 0; which < 2; which++) {
        ssize_t sent;
        do {
            sent = send_piece(viewer, which);
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

short console_viewer_events(const struct console_viewer *viewer) {
    const struct console *console = viewer->console;
    const bool room =
        console == NULL || (!console->waiting &&
                            (console->typed == NULL || flow_room(console->typed) >= CONSOLE_BYTES));
    const bool pending = viewer->greeted && !has_all(viewer);
    return (short)((room || !viewer->greeted ? POLLIN : 0) | (pending ? POLLOUT : 0));
}

void console_viewers_serve(struct console_viewers *viewers, size_t index, short events) {
    struct console_viewer *viewer = &viewers->items[index];
    bool stays = (events & (POLLERR | POLLNVAL)) == 0;
    if (stays && (events & POLLIN) != 0)
        stays = receive_from(viewers, viewer);
    else if ((events & POLLHUP) != 0)
        stays = false;
    if (stays && viewer->greeted && !has_all(viewer))
        stays = send_to(viewer);
    if (!stays)
        drop(viewers, index);
}

bool console_viewers_stall(const struct console_viewers *viewers) {
    for (size_t i = 0; i < viewers->count; i++) {
        if (viewers->items[i].stalled != 0)
            return true;
    }
    return false;
}

uint64_t console_viewers_behind(const struct console_viewers *viewers,
                                const struct console *console, int which) {
    uint64_t most = 0;
    for (size_t i = 0; i < viewers->count; i++) {
        const struct console_viewer *viewer = &viewers->items[i];
        if (viewer->console != console || is_left_behind(viewer))
            continue;
        const uint64_t behind = console->streams[which].ring.end - viewer->position[which];
        if (behind > most)
            most = behind;
    }
    return most;
}

bool console_viewers_are_up_to_date(const struct console_viewers *viewers, bool patient) {
    for (size_t i = 0; i < viewers->count; i++) {
        const struct console_viewer *viewer = &viewers->items[i];
        const bool arrives = viewer->console != NULL && !viewer->greeted;
        if ((arrives || !has_all(viewer)) && (patient || !is_left_behind(viewer)))
            return false;
    }
    return true;
}

void console_viewers_say_goodbye(struct console_viewers *viewers, int status) {
    struct console_message message = {.kind = CONSOLE_EXIT};
    message.payload.exit.known = status >= 0;
    message.payload.exit.status = status;
    for (size_t i = 0; i < viewers->count; i++)
        (void)send(viewers->items[i].fd, &message, CONSOLE_LENGTH(sizeof(message.payload.exit)),
                   MSG_DONTWAIT | MSG_NOSIGNAL);
}
