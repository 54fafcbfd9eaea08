/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-device: device nodes and interfaces of a running container. */
#include <string.h>

#include "lxc/commands/commands.h"
#include "lxc/lifecycle/device_node.h"
#include "lxc/store/container.h"
#include "nic/device.h"

/* What is to be done with the device of the host @given, which is @inside in the container. */
struct change {
    const struct lxc_container *container;
    const struct thole_state *state;
    const char *given;
    const char *inside;
};

static int add(const struct change *change, struct thole_error *err) {
    int interface =
        strchr(change->given, '/') == NULL ? nic_network_device_look(change->given, err) : 0;
    if (interface < 0)
        return -1;
    if (interface == 1)
        return nic_network_device_add(change->state->pid, change->given, change->inside, err);
    return lxc_device_node_add(change->container, change->state, change->given, change->inside,
                               err);
}

/* An interface comes back under the second name, a node is removed. */
static int del(const struct change *change, struct thole_error *err) {
    if (strchr(change->given, '/') == NULL)
        return nic_network_device_remove(change->state->pid, change->given, change->inside, err);
    return lxc_device_node_remove(change->container, change->state, change->inside, err);
}

static int carry_out(const struct lxc_call *call, const struct lxc_container *container,
                     const struct thole_state *state, struct thole_error *err) {
    static const struct {
        const char *word;
        int (*run)(const struct change *change, struct thole_error *err);
    } actions[] = {{"add", add}, {"del", del}};
    const struct change change = {
        .container = container,
        .state = state,
        .given = call->arguments[1],
        .inside = call->argument_count > 2 ? call->arguments[2] : call->arguments[1],
    };
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(call->arguments[0], actions[i].word) == 0)
            return actions[i].run(&change, err);
    }
    return error_usage(err, "\"%s\" is neither add nor del", call->arguments[0]);
}

static int run_device(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    (void)ret_status;
    if (call->argument_count < 2 || call->argument_count > 3)
        return error_usage(err, "add or del, a device, and what it is called in the container");
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        lxc_container_state(&container, &state, err) < 0)
        return -1;
    if (state == NULL || state->pid <= 0)
        return error_state(err, "Container %s is not running", call->name);
    return carry_out(call, &container, state, err);
}

const struct lxc_command lxc_command_device = {
    .name = "device",
    .arguments = "add|del DEVICE [NAME-INSIDE]",
    .summary = "add a device or interface to a container, or take it back",
    .description =
        "DEVICE is the path of a device node, or the name of an interface of the host; with del,\n"
        "what the container has, and the second name is the one an interface gets on the host.",
    .options = lxc_no_options,
    .naming = LXC_NAME_FIRST_WORD,
    .run = run_device,
};
