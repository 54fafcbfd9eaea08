/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-wait: returns when a container is in one of several states. */
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

/* One call, as the callbacks of thole_watch() see it. */
struct waiting {
    const struct lxc_call *call;
    unsigned wanted; /* a bit for each state */
    bool reached;
    struct thole_error err; /* of a look that failed */
};

/* Looks at the container as it is now; -1 ends the waiting. */
static int look(void *userdata) {
    struct waiting *waiting = userdata;
    const struct lxc_call *call = waiting->call;
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_lxc_state struct thole_state *state = NULL;
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, &waiting->err) < 0)
        return -1;
    if (lxc_container_state(&container, &state, &waiting->err) < 0) {
        /* Without a record it is about to be made, or removed: either is told. */
        if (waiting->err.kind != THOLE_ERROR_STATE)
            return -1;
        waiting->err = (struct thole_error){0};
        return 0;
    }
    waiting->reached = (waiting->wanted >> lxc_state_of(state) & 1U) != 0;
    return waiting->reached ? -1 : 0;
}

/* A state may be over by the time it is looked at. */
static int take_change(void *userdata, const struct thole_watch_event *event) {
    struct waiting *waiting = userdata;
    enum lxc_state state = LXC_STOPPED;
    if (lxc_state_of_change(event->change, &state) && (waiting->wanted >> state & 1U) != 0) {
        waiting->reached = true;
        return -1;
    }
    return look(waiting);
}

static int parse_options(const struct wait_options *options, unsigned *ret_wanted,
                         int64_t *ret_timeout, struct thole_error *err) {
    *ret_timeout = -1;
    if (options->states == NULL)
        return error_usage(err, "Missing option --state");
    if (lxc_states_parse(options->states, ret_wanted, err) < 0)
        return -1;
    if (options->timeout != NULL &&
        !text_parse_int(options->timeout, -1, INT32_MAX / 1000, ret_timeout))
        return error_usage(err, "option --timeout: \"%s\" is not a number of seconds, or -1",
                           options->timeout);
    return 0;
}

static int run_wait(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    struct waiting waiting = {.call = call};
    int64_t timeout = -1;
    cleanup_lxc_container struct lxc_container container = {0};
    cleanup_free char *own = thole_default_root();
    if (parse_options(call->options, &waiting.wanted, &timeout, err) < 0 ||
        lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0)
        return -1;
    /* What does not exist yet may come in any state root, unless the lxcpath says in which. */
    const bool anywhere = !container.foreign && text_equal(own, container.root);
    const struct thole_watch_request request = {
        .roots = anywhere ? NULL : &container.root,
        .root_count = 1,
        .id = container.id,
        .timeout = timeout < 0 ? -1 : (int)timeout * 1000,
        .ready = look,
        .changed = take_change,
        .userdata = &waiting,
    };
    if (thole_watch(&request, err) < 0)
        return -1;
    if (waiting.err.kind != THOLE_ERROR_NONE)
        return *err = waiting.err, -1;
    (void)ret_status;
    return waiting.reached
               ? 0
               : error_state(err, "it was not in state %s within %d seconds",
                             ((const struct wait_options *)call->options)->states, (int)timeout);
}

const struct lxc_command lxc_command_wait = {
    .name = "wait",
    .arguments = "--state=STATE",
    .summary = "wait until a container is in a state",
    .description =
        "A container that does not exist is STOPPED. One that is created later is waited for\n"
        "as well.",
    .options = rows,
    .options_size = sizeof(struct wait_options),
    .run = run_wait,
};
