/* SPDX-License-Identifier: Apache-2.0 */
/* Keepers of consoles, and thole_attach() that talks to them. */
#include "monitor/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "apply/process.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/wire.h"
#include "create/start.h"
#include "create/unmake.h"
#include "sys/clone.h"
#include "terminal/console_client.h"
#include "terminal/console_server.h"

/* ---- the socket of a console ---- */

/* The state directory may lie deeper than sun_path is long. */
static int console_socket(const struct container *container, struct sockaddr_un *address,
                          struct thole_error *err) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    (void)snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s",
                   container->directory, STATE_CONSOLE);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    return fd >= 0 ? fd : error_errno(err, NULL, "create a socket for the console");
}

static int console_listen(const struct container *container, struct thole_error *err) {
    struct sockaddr_un address;
    cleanup_close int fd = console_socket(container, &address, err);
    if (fd < 0)
        return -1;
    mode_t former = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
    (void)umask(former);
    if (bound < 0 || listen(fd, 16) < 0)
        return error_errno(err, NULL, "create the socket of the console");
    return take_fd(&fd);
}

int monitor_console_connect(const struct container *container, struct thole_error *err) {
    struct sockaddr_un address;
    cleanup_close int fd = console_socket(container, &address, err);
    if (fd < 0)
        return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return take_fd(&fd);
    if (errno == ECONNREFUSED)
        return error_set(err, THOLE_ERROR_STATE, 0, NULL,
                         "the process that kept the console of the container is gone");
    if (errno != ENOENT)
        return error_errno(err, NULL, "connect to the console");
    error_set(err, THOLE_ERROR_STATE, 0, NULL,
              "the console belongs to the engine or the terminal that started the container");
    return error_hint(err, "use the engine's own attach; thole attach is for containers started "
                           "by run --detach --attachable");
}

/* ---- the process ---- */

static int drop_stdio(struct thole_error *err) {
    cleanup_close int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd < 3; fd++) {
        if (null_fd < 0 || dup2(null_fd, fd) < 0)
            return error_errno(err, NULL, "replace the standard streams by /dev/null");
    }
    return 0;
}

/* Nothing of the caller's stays with a process that outlives it. */
static int become_keeper(const struct terminal_console *console, const struct container *container,
                         int sync, struct thole_error *err) {
    const int kept[] = {console->listener,
                        console->master,
                        console->input,
                        console->outputs[0],
                        console->outputs[1],
                        console->pidfd,
                        container != NULL ? container->directory : -1,
                        container != NULL ? container->root : -1,
                        sync};
    (void)prctl(PR_SET_NAME, "thole-keeper", 0, 0, 0);
    if (chdir("/") < 0)
        return error_errno(err, NULL, "change directory to /");
    if (drop_stdio(err) < 0)
        return -1;
    return apply_close_fds(0, kept, sizeof(kept) / sizeof(kept[0]), err);
}

static int serve(const struct terminal_console *console, int directory) {
    int status = terminal_console_serve(console);
    if (directory >= 0 && console->listener >= 0)
        (void)unlinkat(directory, STATE_CONSOLE, 0);
    return status;
}

/* Forks; the child calls @keep, which reports over its socket. */
static int fork_keeper(pid_t *ret_child, int *ret_sync, struct thole_error *err) {
    int pair[2];
    if (wire_pair(pair, err) < 0)
        return -1;
    *ret_child = sys_clone(0, -1, NULL);
    if (*ret_child < 0) {
        (void)close(pair[0]);
        (void)close(pair[1]);
        return error_errno(err, NULL, "fork");
    }
    *ret_sync = *ret_child == 0 ? pair[1] : pair[0];
    (void)close(*ret_child == 0 ? pair[0] : pair[1]);
    if (*ret_child == 0)
        (void)setsid();
    return 0;
}

static int await_keeper(int sync, struct thole_error *err) {
    struct wire_message message;
    return wire_expect(sync, WIRE_READY, &message, "the keeper of the console", err);
}

/* ---- run --detach --attachable ---- */

static int make_pipes(struct creation *creation, struct terminal_console *console,
                      struct thole_error *err) {
    int pairs[3][2];
    for (int i = 0; i < 3; i++) {
        if (pipe2(pairs[i], O_CLOEXEC) < 0)
            return error_errno(err, NULL, "create a pipe");
        creation->stdio[i] = pairs[i][i == 0 ? 0 : 1];
    }
    console->input = pairs[0][1];
    console->outputs[0] = pairs[1][0];
    console->outputs[1] = pairs[2][0];
    return 0;
}

static int create_and_start(const struct thole_context *context,
                            const struct thole_run_request *request, struct creation *creation,
                            struct terminal_console *console, struct thole_error *err) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (make_pipes(creation, console, err) < 0 ||
        create_build(context, &request->create, false, true, creation, err) < 0)
        return -1;
    console->master = creation->console;
    console->pidfd = creation->launched.pidfd;
    console->pid = creation->launched.pid;
    console->listener = console_listen(&creation->container, err);
    if (console->listener < 0 || create_start(request, creation, err) < 0) {
        create_undo(context, creation);
        return -1;
    }
    return 0;
}

/* What is gone meanwhile has been deleted by somebody else. */
static void note_end(struct container *container, int status) {
    struct thole_error err = {0};
    if (status < 0 || container_lock(container, &err) < 0 || container_reload(container, &err) < 0)
        return;
    container->record->exit_status = (struct oci_int){.set = true, .value = status};
    (void)container_save(container, &err);
    container_unlock(container);
}

static void remove_container(const struct thole_context *context, struct creation *creation) {
    struct thole_error err = {0};
    char line[sizeof(err.where) + sizeof(err.text) + 128];
    if (create_unmake(context, &creation->container, creation->bundle.plan, &err) < 0)
        log_warning(&context->log, "%s", error_format(&err, line, sizeof(line)));
}

static noreturn void keep(const struct thole_context *context,
                          const struct thole_run_request *request, int sync) {
    struct thole_error err = {0};
    struct creation creation = CREATION_INIT;
    struct terminal_console console = {
        .listener = -1, .master = -1, .input = -1, .outputs = {-1, -1}, .pidfd = -1, .reaps = true};
    if (create_and_start(context, request, &creation, &console, &err) < 0) {
        wire_send_error(sync, &err);
        _exit(EXIT_FAILURE);
    }
    const int directory = creation.container.directory;
    if (console.master >= 0) {
        (void)close(take_fd(&console.input));
        (void)close(take_fd(&console.outputs[0]));
        (void)close(take_fd(&console.outputs[1]));
    }
    if (become_keeper(&console, &creation.container, sync, &err) < 0) {
        wire_send_error(sync, &err);
        create_undo(context, &creation);
        _exit(EXIT_FAILURE);
    }
    (void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
    (void)wire_send(sync, WIRE_READY, NULL, 0, -1, NULL);
    (void)close(sync);
    note_end(&creation.container, serve(&console, directory));
    if (request->monitor != NULL && request->monitor->remove)
        remove_container(context, &creation);
    _exit(EXIT_SUCCESS);
}

int monitor_keeper_run(const struct thole_context *context, const struct thole_run_request *request,
                       struct thole_error *err) {
    pid_t child = 0;
    int sync = -1;
    if (request->create.console_socket != NULL)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL,
                         "a console socket cannot be used for an attachable container");
    if (fork_keeper(&child, &sync, err) < 0)
        return -1;
    if (child == 0)
        keep(context, request, sync);
    cleanup_close int connection = sync;
    return await_keeper(connection, err);
}

/* ---- after the detach keys ---- */

int monitor_keeper_take_over(const struct container *container, int master, int pidfd, pid_t pid,
                             struct thole_error *err) {
    pid_t child = 0;
    int sync = -1;
    if (fork_keeper(&child, &sync, err) < 0)
        return -1;
    if (child != 0) {
        cleanup_close int connection = sync;
        return await_keeper(connection, err);
    }
    struct thole_error failure = {0};
    struct terminal_console console = {.listener = -1,
                                       .master = master,
                                       .input = -1,
                                       .outputs = {-1, -1},
                                       .pidfd = pidfd,
                                       .pid = pid};
    const int directory = container != NULL ? container->directory : -1;
    if (container != NULL)
        console.listener = console_listen(container, &failure);
    if ((container != NULL && console.listener < 0) ||
        become_keeper(&console, container, sync, &failure) < 0) {
        wire_send_error(sync, &failure);
        _exit(EXIT_FAILURE);
    }
    (void)wire_send(sync, WIRE_READY, NULL, 0, -1, NULL);
    (void)close(sync);
    (void)serve(&console, directory);
    _exit(EXIT_SUCCESS);
}
