/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper of a container does from its first start to its last end. */
#include "monitor/lifetime.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "create/start.h"
#include "create/unmake.h"
#include "monitor/console_socket.h"
#include "oci-spec/document.h"
#include "state/exit_note.h"
#include "state/status.h"
#include "sys/resident.h"

enum { DEFAULT_BUFFER = 262144 };

static void warn(const struct monitor_lifetime *life, const struct thole_error *failure) {
    char line[sizeof(failure->where) + sizeof(failure->text) + 128];
    log_warning(&life->context.log, "%s", error_format(failure, line, sizeof(line)));
}

/* ---- a start -------------------------------------------------------------------------------- */

static int make_pipes(struct monitor_lifetime *life, struct thole_error *err) {
    struct terminal_console *console = &life->consoles[0];
    int pairs[3][2];
    for (int i = 0; i < 3; i++) {
        if (pipe2(pairs[i], O_CLOEXEC) < 0)
            return error_errno(err, NULL, "create a pipe");
        life->creation.stdio[i] = pairs[i][i == 0 ? 0 : 1];
    }
    console->input = pairs[0][1];
    console->outputs[0] = pairs[1][0];
    console->outputs[1] = pairs[2][0];
    return 0;
}

static void close_console(struct terminal_console *console) {
    cleanup_close_fd(&console->master);
    cleanup_close_fd(&console->input);
    cleanup_close_fd(&console->outputs[0]);
    cleanup_close_fd(&console->outputs[1]);
}

static void take_consoles(struct monitor_lifetime *life) {
    struct creation *creation = &life->creation;
    if (creation->console >= 0) {
        close_console(&life->consoles[0]);
        life->consoles[0].master = take_fd(&creation->console);
    }
    for (unsigned i = 0; i < creation->terminals.sent; i++)
        life->consoles[1 + i].master = creation->terminals.masters[i];
    creation->terminals.sent = 0;
}

static int make_container(struct monitor_lifetime *life, bool again, struct thole_error *err) {
    struct creation *creation = &life->creation;
    if (make_pipes(life, err) < 0)
        return -1;
    if (again)
        return create_rebuild(&life->context, &life->request.create, creation, err);
    return create_build(&life->context, &life->request.create, false, true, creation, err);
}

/* Of all its starts: the state directory stays. */
static int keep_log(struct monitor_lifetime *life, struct thole_error *err) {
    struct terminal_console_log *log = &life->logs[MONITOR_LOG_KEPT];
    if (life->wish.log_size == 0 || log->file >= 0)
        return 0;
    return terminal_console_log_keep(life->creation.container.directory, STATE_LOG,
                                     life->wish.log_size, log, err);
}

/* Between creation and start: a program may end at once, and its namespaces with it. */
static int prepare_end(struct monitor_lifetime *life, struct thole_error *err) {
    const struct creation *creation = &life->creation;
    const struct container_record *record = creation->container.record;
    life->pid = creation->launched.pid;
    life->own_pid_namespace = record->own_pid_namespace;
    if (exit_note_begin(&creation->container, life->pid, err) < 0)
        return -1;
    if (life->listener < 0)
        life->listener = monitor_console_listen(&creation->container, err);
    if (life->listener < 0 || keep_log(life, err) < 0)
        return -1;
    if (life->wish.stop_count + life->wish.end_count > 0) {
        free(life->state);
        life->state = container_state_json(&creation->container, "stopped", 0);
    }
    return life->wish.stop_count == 0
               ? 0
               : monitor_namespaces_open(creation->bundle.plan, life->pid, &life->namespaces, err);
}

static void undo(struct monitor_lifetime *life, bool again) {
    if (again)
        create_undo_rebuild(&life->context, &life->creation);
    else
        create_undo(&life->context, &life->creation);
}

static int serve_consoles(struct monitor_lifetime *life, struct thole_error *err) {
    const struct terminal_console_setup setup = {
        .listener = life->listener,
        .count = 1 + life->creation.keeper.consoles,
        .buffer = life->wish.console_buffer > 0 ? life->wish.console_buffer : DEFAULT_BUFFER,
        .logs = life->logs,
        .log_count = MONITOR_LOGS,
        .reaps = true,
        .takes_sigterm = true,
    };
    const struct terminal_program program = {life->creation.launched.pidfd, life->pid};
    if (life->server == NULL)
        life->server = terminal_console_server_new(&setup, err);
    if (life->server == NULL)
        return -1;
    int opened = terminal_console_server_open(life->server, life->consoles, &program, err);
    for (unsigned i = 0; i <= life->creation.keeper.consoles; i++)
        life->consoles[i] = (struct terminal_console)TERMINAL_CONSOLE_INIT;
    return opened;
}

/* What the start needed and the rest of the life does not: the plan above all. */
static void release(struct monitor_lifetime *life) {
    create_release(&life->creation);
    for (int i = 0; i < 3; i++)
        cleanup_close_fd(&life->creation.stdio[i]);
}

static void drop_program(struct monitor_lifetime *life) {
    cleanup_close_fd(&life->creation.launched.pidfd);
    cleanup_close_fd(&life->creation.console);
    take_consoles(life);
    for (unsigned i = 0; i <= life->creation.keeper.consoles; i++)
        close_console(&life->consoles[i]);
    monitor_namespaces_close(&life->namespaces);
    release(life);
}

static int start(struct monitor_lifetime *life, bool again, struct thole_error *err) {
    int made = make_container(life, again, err);
    take_consoles(life);
    if (made == 0 && (prepare_end(life, err) < 0 || serve_consoles(life, err) < 0 ||
                      create_start(&life->request, &life->creation, err) < 0)) {
        undo(life, again);
        made = -1;
    }
    if (made < 0) {
        if (life->server != NULL)
            terminal_console_server_abandon(life->server);
        drop_program(life);
        return -1;
    }
    life->started = clock_now();
    return 0;
}

/* ---- the first one -------------------------------------------------------------------------- */

static int check_wish(const struct thole_monitor *wish, const struct thole_create_request *request,
                      struct thole_error *err) {
    if (request->console_socket != NULL)
        return error_usage(err, "a console socket cannot be used for an attachable container");
    if (wish->consoles > PLAN_TERMINALS_MAX)
        return error_usage(err, "a container has at most %d terminals", PLAN_TERMINALS_MAX);
    if (wish->console_directory != NULL && !plan_is_terminal_directory(wish->console_directory))
        return error_usage(err, "%s is no directory beneath /dev for terminals",
                           wish->console_directory);
    if (wish->death_signal < 0 || wish->death_signal >= NSIG)
        return error_usage(err, "%d is no signal", wish->death_signal);
    if (wish->console_log == NULL && (wish->console_log_size > 0 || wish->console_log_rotate))
        return error_usage(err, "a size and rotation of the console's log need a console log");
    if (wish->log_size > 0 && wish->log_size < TERMINAL_LOG_LEAST)
        return error_usage(err, "a log has at least %d bytes", TERMINAL_LOG_LEAST);
    return 0;
}

/* What is not said is left to the container's annotations. */
static int prepare_creation(struct monitor_lifetime *life, struct thole_error *err) {
    const struct thole_monitor *wish = &life->wish;
    life->creation.kept = true;
    life->creation.death_signal = wish->death_signal;
    life->creation.keeper = (struct plan_keeper){
        .consoles = wish->consoles,
        /* Arguments of this process, where it may lie, are overwritten in init. */
        .console_directory =
            wish->console_directory != NULL ? strdup(wish->console_directory) : NULL,
        .restart = wish->restart,
        .restart_limit = wish->restart_limit,
        .restart_delay = wish->restart_delay,
    };
    life->consoles = calloc(1 + PLAN_TERMINALS_MAX, sizeof(*life->consoles));
    life->creation.terminals.masters = calloc(PLAN_TERMINALS_MAX, sizeof(int));
    if (life->consoles == NULL || life->creation.terminals.masters == NULL)
        return error_errno(err, NULL, "allocate consoles");
    for (unsigned i = 0; i <= PLAN_TERMINALS_MAX; i++)
        life->consoles[i] = (struct terminal_console)TERMINAL_CONSOLE_INIT;
    return 0;
}

static int make_absolute(const char **path, struct thole_error *err) {
    char directory[PATH_MAX];
    char *absolute = NULL;
    if (*path == NULL || (*path)[0] == '/')
        return 0;
    if (getcwd(directory, sizeof(directory)) == NULL ||
        asprintf(&absolute, "%s/%s", directory, *path) < 0)
        return error_errno(err, NULL, "get the current directory");
    *path = absolute;
    return 0;
}

/* The next start has another current directory, and nothing of the caller's. */
static int prepare_restart(struct monitor_lifetime *life, struct thole_error *err) {
    struct thole_create_request *create = &life->request.create;
    if (make_absolute(&create->pid_file, err) < 0 || make_absolute(&create->init, err) < 0)
        return -1;
    create->bundle = strdup(life->creation.container.record->bundle);
    create->config = NULL;
    create->config_text = NULL;
    create->pidfd_socket = NULL;
    create->notify_socket = NULL;
    life->context.phases = NULL;
    return 0;
}

int monitor_lifetime_begin(struct monitor_lifetime *life, const struct thole_context *context,
                           const struct thole_run_request *request, struct thole_error *err) {
    *life = (struct monitor_lifetime){
        .context = *context,
        .request = *request,
        .creation = CREATION_INIT,
        .logs = {TERMINAL_CONSOLE_LOG_INIT, TERMINAL_CONSOLE_LOG_INIT},
        .listener = -1,
        .namespaces = MONITOR_NAMESPACES_INIT,
    };
    life->request.detach = true; /* for the container, whoever looks on */
    if (request->monitor != NULL)
        life->wish = *request->monitor;
    if (!request->detach && !request->keep)
        life->wish.remove = true;
    const struct thole_monitor *wish = &life->wish;
    if (check_wish(wish, &request->create, err) < 0)
        return -1;
    if (wish->console_log != NULL &&
        terminal_console_log_open(wish->console_log, wish->console_log_size,
                                  wish->console_log_rotate, &life->logs[MONITOR_LOG_FILE], err) < 0)
        return -1;
    if (prepare_creation(life, err) < 0 || start(life, false, err) < 0)
        return -1;
    const struct plan_keeper *keeper = &life->creation.keeper;
    life->restart = (struct monitor_restart){.policy = (unsigned)keeper->restart,
                                             .limit = keeper->restart_limit,
                                             .delay = keeper->restart_delay};
    if (create_starts_again(&life->creation) && prepare_restart(life, err) < 0) {
        create_undo(&life->context, &life->creation);
        return -1;
    }
    release(life);
    return 0;
}

void monitor_lifetime_undo(struct monitor_lifetime *life) {
    struct thole_error failure = {0};
    struct container *container = &life->creation.container;
    launch_abort(&life->creation.launched);
    if (container_lock(container, &failure) < 0 || container_reload(container, &failure) < 0 ||
        create_unmake(&life->context, container, NULL, &failure) < 0)
        warn(life, &failure);
}

/* ---- an end --------------------------------------------------------------------------------- */

/* The container with its lock and its record, or false: it has been deleted, or it is about to be.
 */
static bool open_again(struct monitor_lifetime *life) {
    struct container *container = &life->creation.container;
    struct thole_error failure = {0};
    if (container_lock(container, &failure) == 0 && container_reload(container, &failure) == 0)
        return true;
    if (failure.kind != THOLE_ERROR_NOT_FOUND)
        warn(life, &failure);
    container_unlock(container);
    return false;
}

/* Without the record the arena is empty. */
static void close_again(struct monitor_lifetime *life) {
    struct container *container = &life->creation.container;
    container_unlock(container);
    arena_done(&container->arena);
    container->arena = (struct arena){0};
    container->record = NULL;
}

/* Returns false if the container is somebody else's by now. */
static bool note_end(struct monitor_lifetime *life, struct monitor_end *end) {
    struct thole_error failure = {0};
    if (!open_again(life))
        return false;
    struct container_record *record = life->creation.container.record;
    const bool ours = !record->deleting;
    end->asked_to_end = record->no_restart;
    record->exit_status =
        (struct oci_int){.set = end->how.known, .value = terminal_end_status(&end->how)};
    if ((end->how.known && exit_note_write(&life->creation.container, life->pid,
                                           terminal_end_status(&end->how), &failure) < 0) ||
        container_save(&life->creation.container, &failure) < 0)
        warn(life, &failure);
    close_again(life);
    return ours;
}

static void run_programs(const struct monitor_lifetime *life, const char *stage,
                         const struct thole_program *programs, size_t count, bool restarts) {
    const struct monitor_occasion occasion = {.stage = stage,
                                              .state = life->state,
                                              .restarts = restarts,
                                              .pid = life->pid,
                                              .namespaces = &life->namespaces};
    monitor_programs_run(&life->context.log, programs, count, &occasion);
}

/* Serves until the program has ended; returns after how many milliseconds it begins again, -1: not
 * any more. */
static int64_t live(struct monitor_lifetime *life) {
    struct monitor_end end = {.how = terminal_console_server_run(life->server),
                              .own_pid_namespace = life->own_pid_namespace,
                              .lived = clock_now() - life->started};
    life->last = end.how;
    const bool ours = note_end(life, &end);
    terminal_console_server_drain(life->server);
    int64_t delay = ours ? monitor_restart_decide(&life->restart, &end) : -1;
    if (terminal_console_server_is_told_to_end(life->server))
        delay = -1;
    run_programs(life, "stop", life->wish.stop, life->wish.stop_count, delay >= 0);
    monitor_namespaces_close(&life->namespaces);
    cleanup_close_fd(&life->creation.launched.pidfd);
    return delay;
}

/* ---- once more ------------------------------------------------------------------------------ */

/* Nothing is left of the container but its name: others see it stopped, and may delete it. */
static bool clear(struct monitor_lifetime *life) {
    struct container *container = &life->creation.container;
    struct thole_error failure = {0};
    if (!open_again(life))
        return false;
    int cleared = create_clear(&life->context, container, NULL, &failure);
    if (cleared == 1) {
        container->record->pid = 0; /* its end is dealt with, and what was said of it */
        container->record->no_restart = false;
    }
    if (cleared == 1 && container_clear_worker(container, &failure) < 0)
        cleared = -1;
    if (cleared < 0)
        warn(life, &failure);
    close_again(life);
    return cleared == 1;
}

static int read_configuration(struct monitor_lifetime *life, char **ret_text,
                              struct thole_error *err) {
    return file_read_regular_at(life->creation.container.directory, STATE_CONFIG, OCI_DOCUMENT_MAX,
                                ret_text, NULL, err);
}

/* 1: it runs again; 0: it is not ours any more; -1: that failed. */
static int begin_again(struct monitor_lifetime *life) {
    cleanup_free char *text = NULL;
    struct thole_error failure = {0};
    if (terminal_console_server_is_told_to_end(life->server) || !open_again(life))
        return 0;
    const struct container_record *record = life->creation.container.record;
    if (record->deleting || record->no_restart) {
        close_again(life);
        return 0;
    }
    int result = read_configuration(life, &text, &failure);
    life->request.create.config_text = text;
    if (result < 0)
        close_again(life);
    else
        result = start(life, true, &failure);
    life->request.create.config_text = NULL;
    if (result < 0)
        return warn(life, &failure), -1;
    release(life);
    sys_give_memory_back();
    return 1;
}

/* A start that fails counts as an end of the container. */
static bool restart(struct monitor_lifetime *life, int64_t delay) {
    static const struct monitor_end failed = {.how = {.known = true, .number = 1}};
    while (delay >= 0 && clear(life)) {
        terminal_console_server_wait(life->server, delay);
        int begun = begin_again(life);
        if (begun >= 0)
            return begun == 1;
        delay = monitor_restart_decide(&life->restart, &failed);
    }
    return false;
}

/* ---- the last end --------------------------------------------------------------------------- */

static void delete (struct monitor_lifetime *life) {
    struct thole_error failure = {0};
    if (!open_again(life))
        return;
    if (create_unmake(&life->context, &life->creation.container, NULL, &failure) < 0)
        warn(life, &failure);
    close_again(life);
}

void monitor_lifetime_go_on(struct monitor_lifetime *life) {
    sys_give_memory_back();
    int64_t delay = live(life);
    while (delay >= 0 && restart(life, delay))
        delay = live(life);
    (void)unlinkat(life->creation.container.directory, STATE_CONSOLE, 0);
    if (life->wish.remove)
        delete (life);
    for (int i = 0; i < MONITOR_LOGS; i++) {
        if (life->logs[i].failure != 0)
            log_warning(&life->context.log, "the log of the console is not complete: %s",
                        strerror(life->logs[i].failure));
    }
    run_programs(life, "end", life->wish.end, life->wish.end_count, false);
    terminal_console_server_close(life->server, &life->last);
}
