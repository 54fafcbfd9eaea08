/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of the protocol of consoles against a peer that sends what it likes. The keeper drops
 * who talks nonsense and lets nobody type who only looks on; a viewer ends in one line.
 */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "targets.h"
#include "terminal/console_client.h"
#include "terminal/console_protocol.h"
#include "terminal/console_viewers.h"
#include "terminal/pty.h"

enum { MESSAGES_MOST = 12, RING = 512, CONSOLES = 2, VIEWERS = 2 };

/* Kind, shape, bytes; what is not given is zero. Shape 1: as long as it says; 2: as long as it has
 * to be, with the right version. */
static size_t take_message(struct fuzz_bytes *bytes, struct console_message *message) {
    static const size_t sizes[] = {
        [CONSOLE_HELLO] = sizeof(message->payload.hello),
        [CONSOLE_WELCOME] = sizeof(message->payload.welcome),
        [CONSOLE_INPUT] = 3,
        [CONSOLE_SIZE] = sizeof(message->payload.size),
        [CONSOLE_SIGNAL] = sizeof(message->payload.signal),
        [CONSOLE_OUTPUT] = 5,
        [CONSOLE_ERROR_OUTPUT] = 5,
        [CONSOLE_EXIT] = sizeof(message->payload.exit),
    };
    memset(message, 0, sizeof(*message));
    message->kind = (uint32_t)fuzz_below(bytes, sizeof(sizes) / sizeof(sizes[0]));
    const size_t shape = fuzz_below(bytes, 8);
    size_t length = CONSOLE_LENGTH(sizes[message->kind]);
    if (shape == 1)
        length = fuzz_below(bytes, sizeof(*message) + 1);
    if (shape == 2)
        message->payload.hello.version = CONSOLE_VERSION;
    const size_t first = shape == 2 ? sizeof(uint32_t) : 0;
    for (size_t i = first; CONSOLE_LENGTH(i) < length && bytes->left > 0; i++)
        message->payload.bytes[i] = (char)fuzz_take(bytes, 1);
    return length;
}

static void connect_pair(int pair[2]) {
    require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
}

/* ---- the keeper ---- */

struct keeper {
    struct console consoles[CONSOLES];
    struct console_viewers viewers;
    int program[3]; /* its ends of the pipes */
    int peers[VIEWERS];
};

static void open_consoles(struct keeper *keeper) {
    struct thole_error err = {0};
    struct terminal_console pipes = TERMINAL_CONSOLE_INIT;
    int pairs[3][2];
    for (int i = 0; i < 3; i++)
        require(pipe2(pairs[i], O_CLOEXEC | O_NONBLOCK) == 0);
    pipes.input = pairs[0][1];
    keeper->program[0] = pairs[0][0];
    for (int i = 0; i < 2; i++) {
        pipes.outputs[i] = pairs[1 + i][0];
        keeper->program[1 + i] = pairs[1 + i][1];
    }
    struct terminal_console terminal = TERMINAL_CONSOLE_INIT;
    terminal.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    for (size_t i = 0; i < CONSOLES; i++)
        require(console_init(&keeper->consoles[i], RING, &err) == 0);
    require(console_open(&keeper->consoles[0], &pipes, &err) == 0);
    require(console_open(&keeper->consoles[1], &terminal, &err) == 0);
}

static void close_keeper(struct keeper *keeper) {
    for (size_t i = 0; i < CONSOLES; i++) {
        struct console *console = &keeper->consoles[i];
        console_close(console);
        free(console->typed);
        for (int stream = 0; stream < 2; stream++)
            free(console->streams[stream].ring.bytes);
    }
    for (size_t i = 0; i < keeper->viewers.count; i++)
        (void)close(keeper->viewers.items[i].fd);
    free(keeper->viewers.items);
    for (int i = 0; i < 3; i++)
        (void)close(keeper->program[i]);
    for (size_t i = 0; i < VIEWERS; i++)
        (void)close(keeper->peers[i]);
}

static size_t typed(const struct keeper *keeper) {
    size_t count = 0;
    for (size_t i = 0; i < CONSOLES; i++)
        count += flow_pending(keeper->consoles[i].typed);
    return count;
}

/* One turn of the loop for all that wait. */
static void serve(struct keeper *keeper) {
    for (size_t i = keeper->viewers.count; i-- > 0;) {
        struct pollfd entry = {.fd = keeper->viewers.items[i].fd,
                               .events = console_viewer_events(&keeper->viewers.items[i])};
        const size_t before = typed(keeper);
        const bool writes = keeper->viewers.items[i].writes;
        if (poll(&entry, 1, 0) > 0)
            console_viewers_serve(&keeper->viewers, i, entry.revents);
        require(writes || typed(keeper) == before);
    }
    for (size_t i = 0; i < CONSOLES; i++)
        console_write_input(&keeper->consoles[i]);
}

static void say(struct keeper *keeper, struct fuzz_bytes *bytes) {
    char text[RING];
    const int which = 1 + (int)fuzz_below(bytes, 2);
    const size_t length = fuzz_below(bytes, sizeof(text));
    memset(text, length % 7 == 0 ? '\n' : 'x', sizeof(text));
    (void)!write(keeper->program[which], text, length);
    if (keeper->consoles[0].streams[which - 1].fd >= 0)
        console_read(&keeper->consoles[0], which - 1, length);
}

static void attack_keeper(struct fuzz_bytes *bytes) {
    struct keeper keeper = {.viewers = {.console_count = CONSOLES, .pidfd = -1}};
    struct console_message message;
    open_consoles(&keeper);
    keeper.viewers.consoles = keeper.consoles;
    for (size_t i = 0; i < VIEWERS; i++) {
        int pair[2];
        connect_pair(pair);
        console_viewers_add(&keeper.viewers, pair[0]);
        if (i > 0) /* the first one is that of `run`, which sees everything from the beginning */
            keeper.viewers.items[i].console = NULL;
        keeper.peers[i] = pair[1];
    }
    for (size_t i = 0; i < MESSAGES_MOST && bytes->left > 0; i++) {
        const size_t who = fuzz_below(bytes, VIEWERS + 1);
        if (who == VIEWERS) {
            say(&keeper, bytes);
        } else {
            const size_t length = take_message(bytes, &message);
            (void)send(keeper.peers[who], &message, length, MSG_NOSIGNAL);
        }
        serve(&keeper);
    }
    console_viewers_say_goodbye(&keeper.viewers, 0);
    close_keeper(&keeper);
}

/* ---- a viewer ---- */

static void attack_viewer(struct fuzz_bytes *bytes) {
    struct console_message message = {.kind = CONSOLE_WELCOME};
    struct thole_error err = {0};
    int pair[2];
    cleanup_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    connect_pair(pair);
    require(fcntl(pair[0], F_SETFL, 0) == 0);
    message.payload.welcome.version = CONSOLE_VERSION;
    message.payload.welcome.count = CONSOLES;
    size_t length = CONSOLE_LENGTH(sizeof(message.payload.welcome));
    if (fuzz_below(bytes, 4) == 0)
        length = take_message(bytes, &message);
    for (size_t i = 0; i < MESSAGES_MOST; i++) {
        (void)send(pair[1], &message, length, MSG_NOSIGNAL);
        if (bytes->left == 0)
            break;
        length = take_message(bytes, &message);
    }
    (void)close(pair[1]);
    struct terminal_console_view view = {
        .connection = pair[0], .console = -1, .input = -1, .outputs = {null, null}};
    if (terminal_console_view(&view, &err) < 0)
        require(err.text[0] == '\0' || strpbrk(err.text, "\n\r\033") == NULL);
    (void)close(pair[0]);
}

void fuzz_console(const uint8_t *data, size_t size) {
    struct fuzz_bytes bytes = {data, size};
    if (fuzz_below(&bytes, 2) == 0)
        attack_keeper(&bytes);
    else
        attack_viewer(&bytes);
}
