/* SPDX-License-Identifier: Apache-2.0 */
/* kill: a signal to a container. */
#include <signal.h>

#include "base/names.h"
#include "commands.h"
#include "match.h"
#include "thole.h"

struct kill_settings {
    bool all;
    bool regex;
};

static const struct option_row kill_options[] = {
    {"all", 'a', OPTION_FLAG, offsetof(struct kill_settings, all), NULL,
     "signal every process of the container"},
    {"regex", 'r', OPTION_FLAG, offsetof(struct kill_settings, regex), NULL,
     "ID is an extended regular expression; signal all that match"},
    {0},
};

struct kill_signal {
    int number;
    bool all;
};

static int send_signal(const struct thole_context *context, const char *id, const void *options,
                       struct thole_error *err) {
    const struct kill_signal *signal = options;
    return thole_kill(context, id, signal->number, signal->all, err);
}

static int run_kill(const struct invocation *invocation, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    const struct kill_settings *settings = invocation->options;
    const char *name = invocation->argument_count > 1 ? invocation->arguments[1] : "TERM";
    struct kill_signal signal = {.number = names_signal_parse(name), .all = settings->all};
    if (signal.number < 0)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "unknown signal \"%s\"", name);
    if (settings->regex)
        return match_each(invocation->context, invocation->arguments[0], send_signal, &signal, err);
    return send_signal(invocation->context, invocation->arguments[0], &signal, err);
}

const struct command command_kill = {
    .name = "kill",
    .arguments = "ID [SIGNAL]",
    .summary = "send a signal to a container",
    .description =
        "The signal (a name with or without SIG, or a number; TERM if none is given) goes to the\n"
        "container's first process. KILL ends every process of a container that has no pid\n"
        "namespace of its own.",
    .options = kill_options,
    .options_size = sizeof(struct kill_settings),
    .minimum = 1,
    .maximum = 2,
    .in_order = true,
    .run = run_kill,
};
