/* SPDX-License-Identifier: Apache-2.0 */
/* Carries bytes, window sizes and signals between the caller and a container in the foreground. */
#include "terminal/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "sys/process_calls.h"
#include "terminal/endpoint.h"
#include "terminal/raw_mode.h"

enum {
    /* After the process is gone, its last words are already in the kernel: they are read until the
     * pty reports that all its users are gone. A background job that keeps it open gets this long
     * without output, ... */
    QUIET_MILLISECONDS = 100,
    /* ... and if it keeps talking, this long, ... */
    LINGER_MILLISECONDS = 1000,
    /* ... and at least as many bytes as a pty can hold: those may be the process's own. */
    PTY_HOLDS = 131072,
    /* A pty that nobody has open may be opened again (/dev/tty); the kernel does not tell. */
    REOPENED_MILLISECONDS = 100,
};

enum { AT_INPUT, AT_OUTPUT, AT_MASTER, AT_SIGNALS, AT_PROCESS, AT_ALSO, WAITS };

struct session {
    struct terminal_relay *relay;
    int signals;
    struct pollfd waits[WAITS];
    bool subreaper;
    struct endpoint input;
    struct endpoint output;
    struct endpoint master;
    struct terminal_raw_mode raw_mode;
    struct flow *to_master;
    struct flow *to_output;
    char last_input;     /* the byte read last, '\n' before the first */
    bool end_of_input;   /* the end of input has still to be told to the pty */
    bool unused;         /* nobody has the pty open at the moment */
    bool exited;         /* status is known */
    bool terminated;     /* by a signal that is not forwarded: its number is status */
    int status;          /* exit code, or 128 + signal */
    int64_t exit_time;   /* milliseconds, as clock_now() */
    int64_t last_output; /* when the pty gave something last */
    uint64_t after_exit; /* bytes read from the pty since exit_time */
    bool emptied;        /* and then there was nothing more to read for a moment */
    bool dismissed;      /* the caller has passed on a signal to end it */
    int64_t last_taken;  /* when the output took something last, not before exit_time */
};

/* Faults stay deliverable, and SIGTTIN and SIGTTOU stop a caller in the background. */
static void fill_signals(sigset_t *set) {
    static const int left_alone[] = {
        SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGTTIN, SIGTTOU, SIGKILL, SIGSTOP,
    };
    (void)sigfillset(set);
    for (size_t i = 0; i < sizeof(left_alone) / sizeof(left_alone[0]); i++)
        (void)sigdelset(set, left_alone[i]);
}

int terminal_relay_block(struct terminal_relay *relay, struct thole_error *err) {
    sigset_t set;
    fill_signals(&set);
    if (sigprocmask(SIG_BLOCK, &set, &relay->former_mask) < 0)
        return error_errno(err, NULL, "block signals");
    relay->blocked = true;
    return 0;
}

void terminal_relay_done(struct terminal_relay *relay) {
    if (relay->blocked)
        (void)sigprocmask(SIG_SETMASK, &relay->former_mask, NULL);
    relay->blocked = false;
}

/* ---- the process ---- */

static void note_exit(struct session *session, const siginfo_t *info) {
    session->exited = true;
    session->status = info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
    session->exit_time = clock_now();
    session->last_output = session->exit_time;
    session->last_taken = session->exit_time;
    session->unused = false;
}

static int reap_process(struct session *session, struct thole_error *err) {
    siginfo_t info = {0};
    if (session->exited)
        return 0;
    if (uninterrupted(waitid(P_PIDFD, (id_t)session->relay->pidfd, &info, WEXITED | WNOHANG)) < 0)
        return error_errno(err, NULL, "wait for process %d", (int)session->relay->pid);
    if (info.si_pid != 0)
        note_exit(session, &info);
    return 0;
}

/* Orphans come to a subreaper, and nobody else will wait for them. */
static void reap_orphans(struct session *session) {
    siginfo_t info = {0};
    while (session->subreaper && waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 &&
           info.si_pid != 0) {
        if (info.si_pid == session->relay->pid && !session->exited)
            note_exit(session, &info);
        info = (siginfo_t){0};
    }
}

static void send_signal(const struct session *session, int signal) {
    if (!session->exited)
        (void)syscall(SYS_pidfd_send_signal, session->relay->pidfd, signal, NULL, 0);
}

/* ---- terminal and signals of the caller ---- */

static void copy_size(const struct session *session) {
    struct winsize size;
    if (session->master.fd < 0)
        return;
    if (ioctl(session->relay->input, TIOCGWINSZ, &size) < 0 &&
        ioctl(session->relay->output, TIOCGWINSZ, &size) < 0)
        return;
    if (size.ws_row == 0 || size.ws_col == 0)
        return;
    (void)ioctl(session->master.fd, TIOCSWINSZ, &size);
    if (session->relay->recorder != NULL)
        terminal_recorder_size(session->relay->recorder, size.ws_row, size.ws_col);
}

static void enter_raw_mode(struct session *session) {
    struct termios inside;
    if (session->master.fd < 0)
        return;
    /* A pty that does not turn \n into \r\n leaves that to the terminal outside. */
    bool bare = tcgetattr(session->master.fd, &inside) == 0 &&
                (inside.c_oflag & (tcflag_t)(OPOST | ONLCR)) == OPOST;
    terminal_raw_mode_enter(&session->raw_mode, session->relay->input, bare);
    copy_size(session);
}

/* SIGTSTP from outside: in raw mode no key makes it. */
static void stop_caller(struct session *session) {
    terminal_raw_mode_stop(&session->raw_mode);
    enter_raw_mode(session);
}

static bool caller_ignores(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* The caller's terminal is gone, or nobody reads its pipe: the process learns of it as it would
 * from a terminal of its own. nohup(1) protects it. */
static void hang_up(const struct session *session) {
    if (!caller_ignores(SIGHUP))
        send_signal(session, SIGHUP);
}

static void pass_signal(struct session *session, const struct signalfd_siginfo *info) {
    int signal = (int)info->ssi_signo;
    /* Made by a write of this process to a pipe without a reader. */
    if (signal == SIGPIPE && info->ssi_pid == (uint32_t)getpid())
        return;
    /* Made by a key: the terminal has told the process as well. */
    if (session->relay->shared_terminal && info->ssi_code == SI_KERNEL)
        return;
    bool forward = session->relay->forward_signals && !session->exited;
    if (caller_ignores(signal) && (!forward || signal == SIGHUP))
        return;
    if (forward) {
        session->dismissed = session->dismissed || signal == SIGTERM || signal == SIGHUP;
        send_signal(session, signal);
        return;
    }
    session->terminated = true;
    if (!session->exited)
        session->status = signal;
}

/* Returns false when no signal is waiting. */
static bool receive_signal(struct session *session) {
    struct signalfd_siginfo info;
    if (read(session->signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
        return false;
    switch (info.ssi_signo) {
    case SIGCHLD:
        reap_orphans(session);
        break;
    case SIGWINCH:
        copy_size(session);
        break;
    case SIGTSTP:
        stop_caller(session);
        break;
    case SIGCONT:
        enter_raw_mode(session);
        break;
    case SIGURG:
        break;
    default:
        pass_signal(session, &info);
    }
    return true;
}

/* ---- bytes ---- */

/* Typed bytes, without the detach keys. */
static long read_keys(struct session *session) {
    struct terminal_relay *relay = session->relay;
    struct flow *flow = session->to_master;
    const size_t room = flow_room(flow);
    if (room <= DETACH_KEYS_MAX)
        return ENDPOINT_LATER;
    char *bytes = flow->bytes + flow->end;
    long got = endpoint_read(&session->input, bytes, room - DETACH_KEYS_MAX);
    if (got <= 0)
        return got;
    size_t length = (size_t)got;
    relay->detached = terminal_detach_keys_filter(&relay->detach_keys, bytes, &length);
    flow->end += length;
    return got;
}

static void pump_input(struct session *session) {
    long got = session->raw_mode.saved ? read_keys(session)
                                       : flow_fill(session->to_master, &session->input);
    if (got > 0 && session->to_master->end > 0)
        session->last_input = session->to_master->bytes[session->to_master->end - 1];
    if (got == ENDPOINT_CLOSED) {
        endpoint_close(&session->input);
        session->end_of_input = true;
        if (session->raw_mode.saved)
            hang_up(session);
    }
}

static void read_master(struct session *session) {
    long got = ENDPOINT_LATER;
    bool more = flow_room(session->to_output) > 0;
    while (more) {
        got = flow_fill(session->to_output, &session->master);
        if (got > 0 && session->relay->recorder != NULL)
            terminal_recorder_output(session->relay->recorder,
                                     session->to_output->bytes + session->to_output->end - got,
                                     (size_t)got);
        if (got > 0) {
            session->last_output = clock_now();
            session->after_exit += session->exited ? (uint64_t)got : 0;
        } else {
            session->emptied = session->exited;
        }
        /* One piece at a time keeps writer, relay and reader at work side by side. */
        more = session->exited && got > 0 && flow_room(session->to_output) > 0;
    }
    /* EIO: nobody has the other side open. */
    if (got == ENDPOINT_CLOSED && session->exited)
        endpoint_close(&session->master);
    session->unused = got == ENDPOINT_CLOSED;
}

static void write_master(struct session *session) {
    if (flow_drain(session->to_master, &session->master) == ENDPOINT_CLOSED)
        session->to_master->start = session->to_master->end;
}

/* Nobody reads the output any more: what the process still writes is dropped. */
static void write_output(struct session *session) {
    const size_t before = flow_pending(session->to_output);
    if (session->output.fd >= 0 &&
        flow_drain(session->to_output, &session->output) == ENDPOINT_CLOSED) {
        endpoint_close(&session->output);
        hang_up(session);
    }
    if (flow_pending(session->to_output) < before)
        session->last_taken = clock_now();
    if (session->output.fd < 0)
        session->to_output->start = session->to_output->end;
}

/* A program that reads lines learns of the end of a redirected input as from a keyboard. An
 * unfinished line takes one more end-of-file character, which only hands that line over. */
static void tell_end_of_input(struct session *session) {
    struct termios inside;
    if (!session->end_of_input || flow_pending(session->to_master) > 0 || session->master.fd < 0)
        return;
    if (session->raw_mode.saved || tcgetattr(session->master.fd, &inside) < 0) {
        session->end_of_input = false;
        return;
    }
    if ((inside.c_lflag & (tcflag_t)ICANON) == 0)
        return;
    (void)flow_room(session->to_master);
    int count = session->last_input == '\n' ? 1 : 2;
    for (int i = 0; i < count; i++)
        session->to_master->bytes[session->to_master->end++] = (char)inside.c_cc[VEOF];
    session->end_of_input = false;
}

/* ---- the loop ---- */

/* Without @events not even a hang-up is waited for: it would be there at once, again and again. */
static struct pollfd wait_for(int fd, int events) {
    return (struct pollfd){.fd = events != 0 ? fd : -1, .events = (short)events};
}

static void prepare(struct session *session) {
    struct pollfd *waits = session->waits;
    bool room_out = session->master.fd >= 0 && flow_room(session->to_output) > 0;
    bool room_in = session->master.fd >= 0 && flow_room(session->to_master) > DETACH_KEYS_MAX;
    int master = 0;
    if (room_out && !session->unused)
        master |= POLLIN;
    if (!session->exited && flow_pending(session->to_master) > 0)
        master |= POLLOUT;
    waits[AT_INPUT] = wait_for(session->input.fd, room_in && !session->exited ? POLLIN : 0);
    waits[AT_OUTPUT] =
        wait_for(session->output.fd, flow_pending(session->to_output) > 0 ? POLLOUT : 0);
    waits[AT_MASTER] = wait_for(session->master.fd, master);
    waits[AT_SIGNALS] = wait_for(session->signals, POLLIN);
    waits[AT_PROCESS] = wait_for(session->relay->pidfd, session->exited ? 0 : POLLIN);
    const struct terminal_also *also = &session->relay->also;
    waits[AT_ALSO] = wait_for(also->fd, also->readable != NULL ? POLLIN : 0);
}

/* What the process itself wrote has been read; the rest is a background job's. */
static bool has_last_words(const struct session *session) {
    return session->emptied || session->after_exit >= PTY_HOLDS;
}

/* A terminal that nobody reads must not hold up a caller who wants the end. */
static bool gives_up_output(const struct session *session) {
    return session->exited && session->dismissed &&
           clock_now() >= session->last_taken + LINGER_MILLISECONDS;
}

/* Milliseconds until a background job's time with the pty is over; -1: no such limit now. */
static int time_left(struct session *session) {
    if (!session->exited)
        return session->unused ? REOPENED_MILLISECONDS : -1;
    if (session->master.fd < 0 || flow_room(session->to_output) == 0)
        return session->dismissed ? LINGER_MILLISECONDS : -1;
    int64_t until = session->last_output + QUIET_MILLISECONDS;
    if (has_last_words(session) && until > session->exit_time + LINGER_MILLISECONDS)
        until = session->exit_time + LINGER_MILLISECONDS;
    int64_t left = until - clock_now();
    return left > 0 ? (int)left : 0;
}

static void end_background_job(struct session *session, bool readable) {
    bool lingered = clock_now() >= session->exit_time + LINGER_MILLISECONDS;
    if (!readable || (lingered && has_last_words(session)))
        endpoint_close(&session->master);
}

static int exchange(struct session *session, struct thole_error *err) {
    const struct pollfd *waits = session->waits;
    prepare(session);
    int limit = time_left(session);
    while (poll(session->waits, WAITS, limit) < 0) {
        if (errno != EINTR)
            return error_errno(err, NULL, "wait for terminal input");
    }
    session->unused = false;

    while (waits[AT_SIGNALS].revents != 0 && receive_signal(session))
        continue;
    if (waits[AT_ALSO].revents != 0)
        session->relay->also.readable(session->relay->also.userdata);
    if (waits[AT_PROCESS].revents != 0 && reap_process(session, err) < 0)
        return -1;
    if (waits[AT_INPUT].revents != 0)
        pump_input(session);
    bool readable = (waits[AT_MASTER].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
    if (readable)
        read_master(session);
    if (session->exited && limit == 0)
        end_background_job(session, readable);
    tell_end_of_input(session);
    if (session->master.fd >= 0 && flow_pending(session->to_master) > 0)
        write_master(session);
    if (flow_pending(session->to_output) > 0)
        write_output(session);
    return 0;
}

static bool is_finished(const struct session *session) {
    if (session->terminated || session->relay->detached || gives_up_output(session))
        return true;
    return session->exited && session->master.fd < 0 && flow_pending(session->to_output) == 0;
}

static int session_start(struct session *session, struct thole_error *err) {
    const struct terminal_relay *relay = session->relay;
    sigset_t set;
    int subreaper = 0;
    fill_signals(&set);
    session->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (session->signals < 0)
        return error_errno(err, NULL, "create a signalfd");
    (void)prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
    session->subreaper = subreaper != 0 || getpid() == 1;

    if (relay->master < 0)
        return 0;
    session->to_master = flow_new();
    session->to_output = flow_new();
    if (session->to_master == NULL || session->to_output == NULL)
        return error_errno(err, NULL, "allocate terminal buffers");
    session->master.fd = relay->master;
    int flags = fcntl(relay->master, F_GETFL);
    if (flags < 0 || fcntl(relay->master, F_SETFL, flags | O_NONBLOCK) < 0)
        return error_errno(err, NULL, "make the pty non-blocking");
    endpoint_open(&session->input, relay->input, false);
    endpoint_open(&session->output, relay->output, true);
    enter_raw_mode(session);
    return 0;
}

/* Signals still waiting were meant for the process that is gone, or made by this relay. */
static void session_done(struct session *session) {
    struct signalfd_siginfo info;
    terminal_raw_mode_done(&session->raw_mode);
    while (session->signals >= 0 && read(session->signals, &info, sizeof(info)) > 0)
        continue;
    cleanup_close_fd(&session->signals);
    endpoint_close(&session->input);
    endpoint_close(&session->output);
    free(session->to_master);
    free(session->to_output);
    terminal_relay_done(session->relay);
}
#define cleanup_session __attribute__((cleanup(session_done)))

int terminal_relay_run(struct terminal_relay *relay, struct thole_error *err) {
    cleanup_session struct session session = {
        .relay = relay,
        .signals = -1,
        .input = ENDPOINT_INIT,
        .output = ENDPOINT_INIT,
        .master = ENDPOINT_INIT,
        .last_input = '\n',
    };
    if (session_start(&session, err) < 0)
        return -1;
    while (!is_finished(&session)) {
        if (exchange(&session, err) < 0)
            return -1;
    }
    if (session.output.failure != 0)
        return error_set(err, THOLE_ERROR_HOST, session.output.failure, NULL,
                         "write the output of the program");
    if (session.exited)
        return session.status;
    if (relay->detached)
        return 0;
    return error_set(err, THOLE_ERROR_HOST, EINTR, NULL, "left the terminal on signal %d (%s)",
                     session.status, strsignal(session.status));
}
