/* SPDX-License-Identifier: Apache-2.0 */
/* The viewer's side of a console: carries messages to and from the caller's descriptors. */
#include "terminal/console_client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "terminal/console_protocol.h"
#include "terminal/endpoint.h"
#include "terminal/raw_mode.h"

struct session {
    struct terminal_console_view *view;
    int signals;
    sigset_t former_mask;
    struct terminal_raw_mode raw_mode;
    bool bare;
    struct endpoint input;
    struct endpoint outputs[2];
    struct flow *flows[2];           /* what the outputs have not taken yet */
    struct console_message outgoing; /* what the keeper has not taken yet */
    size_t outgoing_length;          /* 0: nothing */
    bool detached;
    bool ended;
    int status;
    int signal; /* asked this process to end, 0: none did */
};

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT, SIGPIPE};
/* More of them, for the program. */
static const int passed_on[] = {SIGUSR1, SIGUSR2, SIGPWR, SIGALRM};

static int block_signals(struct session *session, struct thole_error *err) {
    sigset_t set;
    (void)sigemptyset(&set);
    for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
        (void)sigaddset(&set, caught[i]);
    for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
        if (session->view->passes_signals)
            (void)sigaddset(&set, passed_on[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &set, &session->former_mask);
    session->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return session->signals < 0 ? error_errno(err, NULL, "create a signalfd") : 0;
}

/* ---- the caller's terminal ---- */

static bool window_size(const struct session *session, struct winsize *ret_size) {
    const struct terminal_console_view *view = session->view;
    return (ioctl(view->input, TIOCGWINSZ, ret_size) == 0 ||
            ioctl(view->outputs[0], TIOCGWINSZ, ret_size) == 0) &&
           ret_size->ws_row != 0 && ret_size->ws_col != 0;
}

static void send_size(struct session *session) {
    struct console_message message = {.kind = CONSOLE_SIZE};
    struct winsize size;
    if (!window_size(session, &size))
        return;
    message.payload.size.rows = size.ws_row;
    message.payload.size.columns = size.ws_col;
    (void)send(session->view->connection, &message, CONSOLE_LENGTH(sizeof(message.payload.size)),
               MSG_NOSIGNAL);
    if (session->view->recorder != NULL)
        terminal_recorder_size(session->view->recorder, size.ws_row, size.ws_col);
}

static void send_signal(const struct session *session, int number) {
    struct console_message message = {.kind = CONSOLE_SIGNAL};
    message.payload.signal.number = number;
    (void)send(session->view->connection, &message, CONSOLE_LENGTH(sizeof(message.payload.signal)),
               MSG_NOSIGNAL);
}

static void receive_signals(struct session *session) {
    struct signalfd_siginfo info;
    while (read(session->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGWINCH:
            send_size(session);
            break;
        case SIGTSTP:
            terminal_raw_mode_stop(&session->raw_mode);
            send_size(session);
            break;
        case SIGCONT:
            if (session->raw_mode.saved)
                terminal_raw_mode_enter(&session->raw_mode, session->view->input, session->bare);
            send_size(session);
            break;
        case SIGPIPE:
            break;
        default:
            if (session->view->passes_signals)
                send_signal(session, (int)info.ssi_signo);
            else
                session->signal = (int)info.ssi_signo;
        }
    }
}

/* ---- messages ---- */

/* A keeper that has ended with something of this session's unread shows as a reset, once and first:
 * what it said before comes behind that. */
static ssize_t receive(const struct session *session, struct console_message *message, int flags) {
    ssize_t got = recv(session->view->connection, message, sizeof(*message), flags);
    return got < 0 && errno == ECONNRESET
               ? recv(session->view->connection, message, sizeof(*message), flags)
               : got;
}

static int refuse(int wanted, unsigned count, struct thole_error *err) {
    if (count <= 1)
        return error_state(err, "the container has no terminals besides its console");
    if (wanted < 0)
        return error_state(err, "all %u terminals of the container are in use", count - 1);
    return error_state(err, "the container has no terminal %d: there are %u", wanted, count - 1);
}

static int say_hello(struct session *session, struct thole_error *err) {
    struct console_message message = {.kind = CONSOLE_HELLO};
    struct winsize size;
    message.payload.hello.version = CONSOLE_VERSION;
    message.payload.hello.writes = session->view->input >= 0;
    message.payload.hello.console = session->view->console;
    if (window_size(session, &size)) {
        message.payload.hello.rows = size.ws_row;
        message.payload.hello.columns = size.ws_col;
        if (session->view->recorder != NULL)
            terminal_recorder_size(session->view->recorder, size.ws_row, size.ws_col);
    }
    const int connection = session->view->connection;
    if (send(connection, &message, CONSOLE_LENGTH(sizeof(message.payload.hello)), MSG_NOSIGNAL) < 0)
        return error_errno(err, NULL, "greet the keeper of the console");
    ssize_t got = receive(session, &message, 0);
    if (got != (ssize_t)CONSOLE_LENGTH(sizeof(message.payload.welcome)) ||
        message.kind != CONSOLE_WELCOME || message.payload.welcome.version != CONSOLE_VERSION)
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "the keeper of the console does not answer");
    if (message.payload.welcome.console < 0)
        return refuse(session->view->console, message.payload.welcome.count, err);
    if (session->view->connected != NULL)
        session->view->connected(session->view->userdata, message.payload.welcome.console);
    session->bare = message.payload.welcome.bare != 0;
    if (message.payload.welcome.terminal != 0 && session->view->input >= 0)
        terminal_raw_mode_enter(&session->raw_mode, session->view->input, session->bare);
    return 0;
}

static void send_outgoing(struct session *session) {
    if (session->outgoing_length == 0)
        return;
    if (send(session->view->connection, &session->outgoing, session->outgoing_length,
             MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ||
        (errno != EAGAIN && errno != EINTR && errno != ENOBUFS && errno != ENOMEM))
        session->outgoing_length = 0;
}

static void read_input(struct session *session) {
    struct console_message *message = &session->outgoing;
    long got =
        endpoint_read(&session->input, message->payload.bytes, CONSOLE_BYTES - DETACH_KEYS_MAX);
    if (got == ENDPOINT_LATER)
        return;
    if (got == ENDPOINT_CLOSED) {
        endpoint_close(&session->input);
        /* A terminal that is gone was not the program's: only this viewer ends. */
        session->detached = session->raw_mode.saved;
        message->kind = CONSOLE_END_OF_INPUT;
        session->outgoing_length = session->detached ? 0 : CONSOLE_LENGTH(0);
        return;
    }
    size_t length = (size_t)got;
    if (session->raw_mode.saved)
        session->detached = terminal_detach_keys_filter(&session->view->detach_keys,
                                                        message->payload.bytes, &length);
    message->kind = CONSOLE_INPUT;
    session->outgoing_length = length > 0 ? CONSOLE_LENGTH(length) : 0;
}

static void take_output(struct session *session, const struct console_message *message,
                        size_t length) {
    const int which = message->kind == CONSOLE_OUTPUT ? 0 : 1;
    struct flow *flow = session->flows[which];
    if (session->view->recorder != NULL)
        terminal_recorder_output(session->view->recorder, message->payload.bytes, length);
    if (session->outputs[which].fd < 0 || flow_room(flow) < length)
        return;
    memcpy(flow->bytes + flow->end, message->payload.bytes, length);
    flow->end += length;
}

static bool has_room(const struct session *session) {
    return flow_room(session->flows[0]) >= CONSOLE_BYTES &&
           flow_room(session->flows[1]) >= CONSOLE_BYTES;
}

static int receive_message(struct session *session, struct thole_error *err) {
    struct console_message message;
    ssize_t got = receive(session, &message, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got < (ssize_t)CONSOLE_LENGTH(0)) {
        session->ended = true;
        return error_set(err, THOLE_ERROR_STATE, 0, NULL, "the keeper of the console is gone");
    }
    const size_t length = (size_t)got - CONSOLE_LENGTH(0);
    if (message.kind == CONSOLE_OUTPUT || message.kind == CONSOLE_ERROR_OUTPUT) {
        take_output(session, &message, length);
    } else if (message.kind == CONSOLE_EXIT && length == sizeof(message.payload.exit)) {
        session->ended = true;
        session->status = message.payload.exit.known != 0 ? message.payload.exit.status : -1;
    }
    return 0;
}

static void write_outputs(struct session *session) {
    for (int i = 0; i < 2; i++) {
        struct endpoint *output = &session->outputs[i];
        struct flow *flow = session->flows[i];
        if (flow_pending(flow) > 0 && output->fd >= 0 &&
            flow_drain(flow, output) == ENDPOINT_CLOSED) {
            endpoint_close(output);
            session->detached = session->detached || i == 0;
        }
        if (output->fd < 0)
            flow->start = flow->end;
    }
}

/* ---- the loop ---- */

enum { AT_SIGNALS, AT_CONNECTION, AT_INPUT, AT_OUTPUTS, AT_COUNT = AT_OUTPUTS + 2 };

static void want(struct pollfd *entry, int fd, short events) {
    *entry = (struct pollfd){.fd = events != 0 ? fd : -1, .events = events};
}

static int exchange(struct session *session, struct thole_error *err) {
    struct pollfd entries[AT_COUNT];
    const bool sends = session->outgoing_length > 0;
    want(&entries[AT_SIGNALS], session->signals, POLLIN);
    want(&entries[AT_CONNECTION], session->view->connection,
         (short)((!session->ended && has_room(session) ? POLLIN : 0) | (sends ? POLLOUT : 0)));
    want(&entries[AT_INPUT], session->input.fd, sends ? 0 : POLLIN);
    for (int i = 0; i < 2; i++)
        want(&entries[AT_OUTPUTS + i], session->outputs[i].fd,
             flow_pending(session->flows[i]) > 0 ? POLLOUT : 0);
    if (poll(entries, AT_COUNT, -1) < 0)
        return errno == EINTR ? 0 : error_errno(err, NULL, "wait for the console");
    if (entries[AT_SIGNALS].revents != 0)
        receive_signals(session);
    if (entries[AT_INPUT].revents != 0)
        read_input(session);
    send_outgoing(session);
    if ((entries[AT_CONNECTION].revents & ~POLLOUT) != 0 && has_room(session) &&
        receive_message(session, err) < 0)
        return -1;
    write_outputs(session);
    return 0;
}

static bool is_finished(const struct session *session) {
    if (session->detached || session->signal != 0)
        return true;
    return session->ended && flow_pending(session->flows[0]) == 0 &&
           flow_pending(session->flows[1]) == 0;
}

static void session_done(struct session *session) {
    struct signalfd_siginfo info;
    terminal_raw_mode_done(&session->raw_mode);
    while (session->signals >= 0 && read(session->signals, &info, sizeof(info)) > 0)
        continue;
    cleanup_close_fd(&session->signals);
    endpoint_close(&session->input);
    for (int i = 0; i < 2; i++) {
        endpoint_close(&session->outputs[i]);
        free(session->flows[i]);
    }
    (void)sigprocmask(SIG_SETMASK, &session->former_mask, NULL);
}
#define cleanup_session __attribute__((cleanup(session_done)))

int terminal_console_view(struct terminal_console_view *view, struct thole_error *err) {
    cleanup_session struct session session = {
        .view = view,
        .signals = -1,
        .input = ENDPOINT_INIT,
        .outputs = {ENDPOINT_INIT, ENDPOINT_INIT},
    };
    for (int i = 0; i < 2; i++) {
        session.flows[i] = flow_new();
        if (session.flows[i] == NULL)
            return error_errno(err, NULL, "allocate terminal buffers");
    }
    if (block_signals(&session, err) < 0 || say_hello(&session, err) < 0)
        return -1;
    endpoint_open(&session.input, view->input, false);
    for (int i = 0; i < 2; i++)
        endpoint_open(&session.outputs[i], view->outputs[i], true);
    while (!is_finished(&session)) {
        if (exchange(&session, err) < 0)
            return -1;
    }
    for (int i = 0; i < 2; i++) {
        if (session.outputs[i].failure != 0)
            return error_set(err, THOLE_ERROR_HOST, session.outputs[i].failure, NULL,
                             "write the output of the console");
    }
    if (session.signal != 0)
        return error_set(err, THOLE_ERROR_HOST, EINTR, NULL, "left the console on signal %d (%s)",
                         session.signal, strsignal(session.signal));
    if (!session.detached && session.status < 0)
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "the program has ended, but its exit status is not known: it was told "
                         "to another process alone");
    view->detached = session.detached;
    return session.detached ? 0 : session.status;
}
