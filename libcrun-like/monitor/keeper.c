/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that hold a console while nobody, or somebody with `attach`, looks at it. */
#include "monitor/keeper.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "apply/process.h"
#include "base/cleanup.h"
#include "base/wire.h"
#include "monitor/console_socket.h"
#include "monitor/lifetime.h"
#include "sys/clone.h"
#include "sys/process_calls.h"
#include "terminal/console_server.h"

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
static int become_keeper(struct thole_error *err) {
    (void)prctl(PR_SET_NAME, "thole-keeper", 0, 0, 0);
    if (chdir("/") < 0)
        return error_errno(err, NULL, "change directory to /");
    return drop_stdio(err);
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

/* Returns how many descriptors it has sent: none or one, to @ret_fd. */
static int await_keeper(int sync, int *ret_fd, struct thole_error *err) {
    struct wire_message message;
    if (wire_expect(sync, WIRE_READY, &message, "the keeper of the console", err) < 0)
        return -1;
    *ret_fd = message.fd_count > 0 ? message.fds[0] : -1;
    return 0;
}

/* ---- run --detach --attachable ---- */

/* To a caller in the foreground, with the other end of a viewer. */
static int report(const struct thole_run_request *request, int sync,
                  const struct monitor_lifetime *life, struct thole_error *err) {
    int pair[2] = {-1, -1};
    if (prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) < 0)
        return error_errno(err, NULL, "outlive the runtime");
    if (!request->detach && wire_pair(pair, err) < 0)
        return -1;
    if (!request->detach)
        terminal_console_server_add(life->server, pair[0]);
    cleanup_close int far_end = pair[1];
    return wire_send(sync, WIRE_READY, NULL, 0, far_end, err);
}

static int begin(const struct thole_context *context, const struct thole_run_request *request,
                 int sync, struct monitor_lifetime *life, struct thole_error *err) {
    const size_t passed = (size_t)request->create.listen_fds + request->create.preserve_fds;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (apply_close_fds(passed, &sync, 1, err) < 0 ||
        monitor_lifetime_begin(life, context, request, err) < 0)
        return -1;
    if (passed > 0)
        (void)close_range(3, 2 + (unsigned)passed, 0);
    if (become_keeper(err) == 0 && report(request, sync, life, err) == 0)
        return 0;
    monitor_lifetime_undo(life);
    return -1;
}

static noreturn void keep(const struct thole_context *context,
                          const struct thole_run_request *request, int sync) {
    struct thole_error err = {0};
    struct monitor_lifetime life;
    if (begin(context, request, sync, &life, &err) < 0) {
        wire_send_error(sync, &err);
        _exit(EXIT_FAILURE);
    }
    (void)close(sync);
    monitor_lifetime_go_on(&life);
    _exit(EXIT_SUCCESS);
}

int monitor_keeper_run(const struct thole_context *context, const struct thole_run_request *request,
                       int *ret_connection, struct thole_error *err) {
    pid_t child = 0;
    int sync = -1;
    if (fork_keeper(&child, &sync, err) < 0)
        return -1;
    if (child == 0)
        keep(context, request, sync);
    cleanup_close int connection = sync;
    return await_keeper(connection, ret_connection, err);
}

/* ---- after the detach keys ---- */

static int take_over(const struct container *container, int master,
                     const struct terminal_program *program, int sync,
                     struct console_server **ret_server, struct thole_error *err) {
    struct terminal_console console = TERMINAL_CONSOLE_INIT;
    struct terminal_console_setup setup = {.listener = -1, .count = 1, .buffer = 262144};
    console.master = master;
    if (container != NULL)
        setup.listener = monitor_console_listen(container, err);
    const int kept[] = {setup.listener, master, program->pidfd, sync,
                        container != NULL ? container->directory : -1};
    if ((container != NULL && setup.listener < 0) || become_keeper(err) < 0 ||
        apply_close_fds(0, kept, sizeof(kept) / sizeof(kept[0]), err) < 0)
        return -1;
    *ret_server = terminal_console_server_new(&setup, err);
    return *ret_server == NULL ? -1
                               : terminal_console_server_open(*ret_server, &console, program, err);
}

int monitor_keeper_take_over(const struct container *container, int master, int pidfd, pid_t pid,
                             struct thole_error *err) {
    const struct terminal_program program = {pidfd, pid};
    struct console_server *server = NULL;
    pid_t child = 0;
    int sync = -1;
    if (fork_keeper(&child, &sync, err) < 0)
        return -1;
    if (child != 0) {
        cleanup_close int connection = sync;
        return await_keeper(connection, &(int){-1}, err);
    }
    struct thole_error failure = {0};
    if (take_over(container, master, &program, sync, &server, &failure) < 0) {
        wire_send_error(sync, &failure);
        _exit(EXIT_FAILURE);
    }
    (void)wire_send(sync, WIRE_READY, NULL, 0, -1, NULL);
    (void)close(sync);
    const struct terminal_end end = terminal_console_server_run(server);
    terminal_console_server_drain(server);
    if (container != NULL)
        (void)unlinkat(container->directory, STATE_CONSOLE, 0);
    terminal_console_server_close(server, &end);
    _exit(EXIT_SUCCESS);
}
