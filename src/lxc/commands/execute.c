/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-execute: one command in a container, beneath a small init. */
#include "lxc/commands/commands.h"
#include "lxc/lifecycle/launch_options.h"
#include "lxc/store/container.h"

/* What LXC gives where the command could not be executed. */
enum { STATUS_NOT_EXECUTED = 255 };

struct execute_options {
    struct lxc_launch launch;
    bool daemon;
};

#define MEMBER(name) offsetof(struct execute_options, name)

static const struct option_row rows[] = {
    {"daemon", 'd', OPTION_FLAG, MEMBER(daemon), NULL, "run in the background"},
    {"uid", 'u', OPTION_STRING, MEMBER(launch.uid), "UID", "run the command as this user"},
    {"gid", 'g', OPTION_STRING, MEMBER(launch.gid), "GID", "run the command with this group"},
    LXC_LAUNCH_OPTIONS(MEMBER(launch)),
    {0},
};

static int run_execute(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_lxc_container struct lxc_container container = {0};
    const struct execute_options *options = call->options;
    struct lxc_launch launch = options->launch;
    launch.execute = true;
    launch.foreground = !options->daemon;
    launch.command = call->argument_count > 0 ? call->arguments : NULL;
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0)
        return -1;
    if (lxc_launch(&container, &launch, ret_status, err) == 0)
        return 0;
    const bool not_executed = err->kind == THOLE_ERROR_PAYLOAD ||
                              err->kind == THOLE_ERROR_NO_PROGRAM ||
                              err->kind == THOLE_ERROR_BAD_PROGRAM;
    if (!not_executed || options->daemon)
        return -1;
    char line[sizeof(err->where) + sizeof(err->text) + 128];
    call->log.write(call->log.userdata, THOLE_LOG_ERROR,
                    thole_error_format(err, line, sizeof(line)));
    *ret_status = STATUS_NOT_EXECUTED;
    return 0;
}

const struct lxc_command lxc_command_execute = {
    .name = "execute",
    .arguments = "[-- COMMAND [ARGUMENT]...]",
    .summary = "run one command in a container",
    .description =
        "A small init is process 1 inside, COMMAND (or lxc.execute.cmd) its child. Without any\n"
        "configuration the command sees the host's files. The exit status is the command's, 128 + "
        "N\n"
        "if signal N ended it, 255 if it could not be executed.",
    .options = rows,
    .options_size = sizeof(struct execute_options),
    .seal = true,
    .run = run_execute,
};
