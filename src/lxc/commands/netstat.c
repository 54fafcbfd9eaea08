/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-netstat of LXC 0.6 to 0.9: the host's netstat(8), or ss(8), on a container's network. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "lxc/commands/commands.h"
#include "lxc/store/container.h"

static int enter_network(pid_t pid, struct thole_error *err) {
    char path[48];
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
        return error_errno(err, NULL, "enter the network namespace of process %d", (int)pid);
    return 0;
}

static int run_netstat(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    static const char *const programs[] = {"netstat", "ss"};
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    (void)ret_status;
    if (call->name == NULL)
        return error_usage(err, "No container name specified");
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        lxc_container_state(&container, &state, err) < 0)
        return -1;
    if (state == NULL || state->pid <= 0)
        return error_state(err, "%s is not running", call->name);
    if (enter_network(state->pid, err) < 0)
        return -1;
    char **arguments = calloc(call->argument_count + 2, sizeof(*arguments));
    if (arguments == NULL)
        abort();
    memcpy(arguments + 1, call->arguments, call->argument_count * sizeof(*arguments));
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        arguments[0] = (char *)(uintptr_t)programs[i];
        (void)execvp(programs[i], arguments);
    }
    error_errno(err, NULL, "run netstat or ss");
    free(arguments);
    return -1;
}

const struct lxc_command lxc_command_netstat = {
    .name = "netstat",
    .arguments = "[-- NETSTAT OPTION...]",
    .summary = "run netstat, or ss, on the network of a container",
    .options = lxc_no_options,
    .naming = LXC_NAME_OPTION,
    .run = run_netstat,
};
