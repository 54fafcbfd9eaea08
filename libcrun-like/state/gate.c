/* SPDX-License-Identifier: Apache-2.0 */
/* Both ends of the start gate that the runtime holds. */
#include "state/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/wire.h"
#include "oci-spec/document.h"
#include "sys/unix_socket.h"

enum { BACKLOG = 64 };

/* Which of both, init itself cannot say any more. */
#define NOT_WAITING "cannot start a container that runs already or has stopped"

/* It may end between "ready" and its program, with the container or by its limits. */
#define ENTERING_ENDED "the process ended before it was ready"

/* The state directory may lie deeper than sun_path is long. */
static void gate_address(const struct container *container, const char *name,
                         struct sockaddr_un *address) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    (void)snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
                   container->directory, name);
}

int gate_listen(const struct container *container, struct thole_error *err) {
    struct sockaddr_un address;
    gate_address(container, STATE_GATE, &address);
    cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_errno(err, NULL, "create the start gate");
    mode_t former = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    (void)umask(former);
    if (bound < 0 || listen(fd, BACKLOG) < 0)
        return error_errno(err, NULL, "create the start gate");
    return take_fd(&fd);
}

/* A connection to whoever listens behind @name; -1 with errno ENOENT or ECONNREFUSED if nobody
 * does, and EAGAIN if somebody does who is busy or frozen. */
static int try_connect(const struct container *container, const char *name) {
    struct sockaddr_un address;
    gate_address(container, name, &address);
    cleanup_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return -1;
    return take_fd(&fd);
}

int gate_is_closed(const struct container *container, struct thole_error *err) {
    static const char *const names[] = {STATE_GATE, STATE_GATE_OPENED};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        /* Whoever started it may have been killed before it could take the gate away: only init
         * itself knows whether it still waits, and to it a connection without a word is nothing. */
        if (faccessat(container->directory, names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
            cleanup_close int fd = try_connect(container, names[i]);
            if (fd >= 0 || errno == EAGAIN)
                return 1;
        }
        if (errno != ENOENT && errno != ECONNREFUSED)
            return error_errno(err, NULL, "look at the start gate");
    }
    return 0;
}

int gate_connect(const struct container *container, struct thole_error *err) {
    cleanup_close int fd = try_connect(container, STATE_GATE);
    if (fd < 0 && errno == ENOENT)
        return error_state(err, "cannot start an already running container");
    if (fd < 0 && errno == ECONNREFUSED)
        return error_state(err, NOT_WAITING);
    if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0)
        return error_errno(err, NULL, "connect to the start gate");
    return take_fd(&fd);
}

int gate_end_init(const struct container *container, struct thole_error *err) {
    struct wire_message message;
    cleanup_close int fd = try_connect(container, STATE_GATE);
    if (fd < 0 && (errno == ENOENT || errno == ECONNREFUSED))
        return 0;
    if (fd < 0 || fcntl(fd, F_SETFL, 0) < 0)
        return error_errno(err, NULL, "connect to the start gate");
    /* One that dies before it reads this needs no word. */
    (void)wire_send(fd, WIRE_END, NULL, 0, -1, NULL);
    return wire_receive(fd, &message, err) < 0 ? -1 : 0;
}

int gate_mark_opened(const struct container *container, struct thole_error *err) {
    if (renameat(container->directory, STATE_GATE, container->directory, STATE_GATE_OPENED) < 0)
        return error_errno(err, NULL, "open the start gate");
    return 0;
}

static int pass_listener(const struct container *container, pid_t pid, int notify_fd,
                         struct thole_error *err) {
    const struct container_record *record = container->record;
    if (record->listener_path == NULL)
        return error_bug(err, "a seccomp notify fd without a listener");
    char seccomp_fd[] = "seccompFd";
    const bool is_init = pid == (pid_t)record->pid;
    char creating[] = "creating";
    char running[] = "running";
    char *fds[] = {seccomp_fd, NULL};
    struct oci_state state = {
        .oci_version = record->oci_version,
        .id = record->id,
        .status = is_init ? creating : running,
        .pid = {.set = true, .value = record->pid},
        .bundle = record->bundle,
        .annotations = record->annotations,
    };
    const struct oci_process_state process_state = {
        .oci_version = record->oci_version,
        .fds = {.items = fds, .count = 1, .set = true},
        .pid = {.set = true, .value = pid},
        .metadata = record->listener_metadata,
        .state = &state,
    };
    cleanup_free char *json = oci_write_process_state(&process_state, 0);
    struct thole_error failure = {0};
    if (sys_unix_send_fd(record->listener_path, notify_fd, json, &failure) == 0)
        return 0;
    return error_set(err, failure.kind, failure.code, "/linux/seccomp/listenerPath", "%s",
                     failure.text);
}

int gate_open(int connection, struct thole_error *err) {
    if (wire_send(connection, WIRE_START, NULL, 0, -1, err) == 0)
        return 0;
    /* Killed between its last message and this one. */
    if (err->code == EPIPE || err->code == ECONNRESET)
        return error_state(err, "container not running: no such process");
    return -1;
}

int gate_await_program(const struct container *container, pid_t pid, int connection,
                       struct thole_error *err) {
    for (;;) {
        struct wire_message message;
        int got = wire_receive(connection, &message, err);
        /* It ended before it read this word; init may have heard another start first. */
        if (got == 0 && errno == ECONNRESET)
            return error_state(err, "%s",
                               pid == (pid_t)container->record->pid ? NOT_WAITING : ENTERING_ENDED);
        if (got <= 0)
            return got;
        if (message.kind != WIRE_SECCOMP || message.fd_count != 1)
            return error_bug(err, "init sent message %u after start", message.kind);
        cleanup_close int notify_fd = message.fds[0];
        if (pass_listener(container, pid, notify_fd, err) < 0 ||
            wire_send(connection, WIRE_SECCOMP_KEPT, NULL, 0, -1, err) < 0)
            return -1;
    }
}

void gate_remove(const struct container *container) {
    (void)unlinkat(container->directory, STATE_GATE_OPENED, 0);
}
