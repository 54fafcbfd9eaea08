/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-start: a system container, in the background or on this terminal. */
#include "base/text.h"
#include "lxc/commands/commands.h"
#include "lxc/lifecycle/launch_options.h"
#include "lxc/store/container.h"

struct start_options {
    struct lxc_launch launch;
    bool daemon;
    bool close_all;
};

#define MEMBER(name) offsetof(struct start_options, name)

static const struct option_row rows[] = {
    {"daemon", 'd', OPTION_FLAG, MEMBER(daemon), NULL, "run in the background (default)"},
    {"foreground", 'F', OPTION_FLAG, MEMBER(launch.foreground), NULL,
     "stay connected with the console; the exit status is that of its program"},
    {"pidfile", 'p', OPTION_STRING, MEMBER(launch.pid_file), "FILE",
     "write the process id of its init to FILE"},
    {"console", 'c', OPTION_STRING, MEMBER(launch.console), "FILE",
     "FILE is the container's console"},
    {"console-log", 'L', OPTION_STRING, MEMBER(launch.console_log), "FILE",
     "append what its console says to FILE"},
    {"close-all-fds", 'C', OPTION_FLAG, MEMBER(close_all), NULL,
     "close inherited descriptors, as is always done"},
    LXC_LAUNCH_OPTIONS(MEMBER(launch)),
    {0},
};

static int is_running(const struct lxc_container *container, bool *ret_running,
                      struct thole_error *err) {
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_state(container, &state, err) < 0)
        return -1;
    *ret_running = state != NULL && state->status != THOLE_STATUS_STOPPED;
    return 0;
}

static int run_start(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_lxc_container struct lxc_container container = {0};
    struct lxc_launch launch = ((const struct start_options *)call->options)->launch;
    bool running = false;
    launch.command = call->argument_count > 0 ? call->arguments : NULL;
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        is_running(&container, &running, err) < 0)
        return -1;
    if (!running)
        return lxc_launch(&container, &launch, ret_status, err);
    call->log.write(call->log.userdata, THOLE_LOG_ERROR, "Container is already running");
    return 0;
}

const struct lxc_command lxc_command_start = {
    .name = "start",
    .arguments = "[-- COMMAND [ARGUMENT]...]",
    .summary = "start a container",
    .description =
        "COMMAND takes the place of lxc.init.cmd. When the call returns the container is RUNNING.\n"
        "One that runs already is no failure.",
    .options = rows,
    .options_size = sizeof(struct start_options),
    .seal = true,
    .run = run_start,
};
