/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-wait: returns when a container is in one of several states. */
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "lxc/commands/commands.h"
#include "lxc/store/container.h"
#include "lxc/store/states.h"

struct wait_options {
    const char *states;
    const char *timeout;
};

static const struct option_row rows[] = {
    {"state", 's', OPTION_STRING, offsetof(struct wait_options, states), "STATE",
     "the states to wait for, joined by |: STOPPED, STARTING, RUNNING, STOPPING, ABORTING, "
     "FREEZING, FROZEN, THAWED"},
    {"timeout", 't', OPTION_STRING, offsetof(struct wait_options, timeout), "SECONDS",
     "give up after so many seconds (default: -1, never)"},
    {0},
};

static int is_reached(const struct lxc_call *call, unsigned wanted, struct thole_error *err) {
    cleanup_lxc_container struct lxc_container container = {0};
    struct thole_state *state = NULL;
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        lxc_container_state(&container, &state, err) < 0)
        return -1;
    enum lxc_state now = lxc_state_of(state);
    thole_state_free(state);
    return (wanted >> now & 1U) != 0;
}

static int run_wait(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct wait_options *options = call->options;
    int64_t timeout = -1;
    unsigned wanted = 0;
    if (options->states == NULL)
        return error_usage(err, "Missing option --state");
    if (lxc_states_parse(options->states, &wanted, err) < 0)
        return -1;
    if (options->timeout != NULL && !text_parse_int(options->timeout, -1, INT32_MAX, &timeout))
        return error_usage(err, "option --timeout: \"%s\" is not a number of seconds, or -1",
                           options->timeout);
    for (int64_t left = timeout * 10;; left--) {
        int reached = is_reached(call, wanted, err);
        if (reached < 0)
            return -1;
        if (reached == 1 || left == 0) {
            *ret_status = reached == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
            return 0;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
}

const struct lxc_command lxc_command_wait = {
    .name = "wait",
    .arguments = "--state=STATE",
    .summary = "wait until a container is in a state",
    .description = "A container that does not exist is STOPPED.",
    .options = rows,
    .options_size = sizeof(struct wait_options),
    .run = run_wait,
};
