/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-kill of LXC 0.7 to 0.9: a signal for a container's first process. */
#include <signal.h>

#include "base/names.h"
#include "lxc/commands/commands.h"
#include "lxc/store/container.h"

static int run_kill(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_lxc_container struct lxc_container container = {0};
    (void)ret_status;
    if (call->argument_count > 1)
        return error_usage(err, "one signal at most");
    int number = call->argument_count == 1 ? names_signal_parse(call->arguments[0]) : SIGKILL;
    if (number < 0)
        return error_usage(err, "there is no signal \"%s\"", call->arguments[0]);
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0)
        return -1;
    return thole_kill(&container.context, container.id, number, false, err);
}

const struct lxc_command lxc_command_kill = {
    .name = "kill",
    .arguments = "[SIGNAL]",
    .summary = "send a signal to the first process of a container",
    .description = "SIGNAL is a name or a number, KILL without one.",
    .options = lxc_no_options,
    .run = run_kill,
};
