/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-stop, and lxc-shutdown of old: a container is asked to stop, or made to. */
#include <limits.h>
#include <stdio.h>

#include "base/text.h"
#include "lxc/commands/commands.h"
#include "lxc/lifecycle/halt.h"
#include "lxc/store/container.h"

enum { STATUS_NOT_RUNNING = 2 };

struct stop_options {
    const char *timeout;
    bool reboot;
    bool no_wait;
    bool kill;
    bool no_kill;
    bool no_lock;
    bool wait; /* lxc-shutdown */
};

#define MEMBER(name) offsetof(struct stop_options, name)

static const struct option_row stop_rows[] = {
    {"reboot", 'r', OPTION_FLAG, MEMBER(reboot), NULL, "reboot the container"},
    {"nowait", 'W', OPTION_FLAG, MEMBER(no_wait), NULL, "do not wait for the end or the reboot"},
    {"timeout", 't', OPTION_STRING, MEMBER(timeout), "SECONDS",
     "how long it may take until it is killed (60; -1: without limit)"},
    {"kill", 'k', OPTION_FLAG, MEMBER(kill), NULL, "kill it at once"},
    {"nokill", 0, OPTION_FLAG, MEMBER(no_kill), NULL,
     "do not kill it when the time is over: exit with 1"},
    {"nolock", 0, OPTION_FLAG, MEMBER(no_lock), NULL,
     "with --kill; nobody's lock is waited for anyway"},
    {0},
};

static const struct option_row shutdown_rows[] = {
    {"wait", 'w', OPTION_FLAG, MEMBER(wait), NULL, "wait for the end"},
    {"reboot", 'r', OPTION_FLAG, MEMBER(reboot), NULL, "reboot the container"},
    {"timeout", 't', OPTION_STRING, MEMBER(timeout), "SECONDS",
     "wait for the end, and kill it after that time"},
    {0},
};

static int check_options(const struct stop_options *options, const struct lxc_halt *halt,
                         struct thole_error *err) {
    if (options->kill && options->no_kill)
        return error_set(err, THOLE_ERROR_STATE, 0, NULL, "-k can't be used with --nokill");
    if (options->kill && options->reboot)
        return error_set(err, THOLE_ERROR_STATE, 0, NULL, "-k can't be used with -r");
    if (options->kill && options->timeout != NULL && halt->timeout != 0)
        return error_set(err, THOLE_ERROR_STATE, 0, NULL, "-k doesn't allow timeouts");
    if (options->no_lock && !options->kill)
        return error_set(err, THOLE_ERROR_STATE, 0, NULL, "--nolock may only be used with -k");
    return 0;
}

static int read_options(const struct stop_options *options, struct lxc_halt *halt,
                        struct thole_error *err) {
    int64_t seconds = LXC_HALT_SECONDS;
    if (options->timeout != NULL && !text_parse_int(options->timeout, -1, INT_MAX, &seconds))
        return error_usage(err, "option --timeout: \"%s\" is not a number of seconds, or -1",
                           options->timeout);
    halt->timeout = options->no_wait ? 0 : (int)seconds;
    halt->no_kill = options->no_kill;
    halt->kind = options->kill     ? LXC_HALT_KILL
                 : options->reboot ? LXC_HALT_REBOOT
                                   : LXC_HALT_SHUTDOWN;
    if (check_options(options, halt, err) < 0)
        return -1;
    if (options->kill && !options->no_wait)
        halt->timeout = LXC_HALT_FOREVER;
    return 0;
}

static int stop(const struct lxc_call *call, const struct lxc_halt *halt, int *ret_status,
                struct thole_error *err) {
    cleanup_lxc_container struct lxc_container container = {0};
    bool running = false;
    char line[512];
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        lxc_halt(&container, halt, &running, err) < 0)
        return -1;
    if (running)
        return 0;
    (void)snprintf(line, sizeof(line), "%s is not running", call->name);
    call->log.write(call->log.userdata, THOLE_LOG_ERROR, line);
    *ret_status = STATUS_NOT_RUNNING;
    return 0;
}

static int run_stop(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    struct lxc_halt halt = {0};
    if (read_options(call->options, &halt, err) < 0)
        return -1;
    return stop(call, &halt, ret_status, err);
}

static int run_shutdown(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    struct stop_options options = *(const struct stop_options *)call->options;
    struct lxc_halt halt = {0};
    if (!options.wait && options.timeout == NULL)
        options.no_wait = true;
    if (read_options(&options, &halt, err) < 0)
        return -1;
    if (options.wait && options.timeout == NULL)
        halt.timeout = LXC_HALT_FOREVER;
    return stop(call, &halt, ret_status, err);
}

const struct lxc_command lxc_command_stop = {
    .name = "stop",
    .arguments = "",
    .summary = "stop a container",
    .description = "Its init is asked by lxc.signal.halt: by default SIGRTMIN+3 for systemd, else "
                   "SIGPWR; for\n"
                   "containers of other engines by their image's stop signal, else SIGTERM. The "
                   "exit status is\n"
                   "2 if the container does not run, 1 if it could not be stopped.",
    .options = stop_rows,
    .options_size = sizeof(struct stop_options),
    .naming = LXC_NAME_FIRST_WORD,
    .run = run_stop,
};

const struct lxc_command lxc_command_shutdown = {
    .name = "shutdown",
    .arguments = "",
    .summary = "ask a container to stop: lxc-stop under its former name",
    .description = "Without -w and -t it does not wait for the end.",
    .options = shutdown_rows,
    .options_size = sizeof(struct stop_options),
    .naming = LXC_NAME_FIRST_WORD,
    .run = run_shutdown,
};
