/* SPDX-License-Identifier: Apache-2.0 */
/* kill and delete: a signal to a container, its removal; or to all that match an expression. */
#include <regex.h>
#include <signal.h>
#include <stdlib.h>

#include "base/names.h"
#include "commands.h"
#include "thole.h"

typedef int match_action(const struct thole_context *context, const char *id, const void *options,
                         struct thole_error *err);

/* Calls @action for each id that the POSIX extended regular expression @pattern matches anywhere,
 * in order of the ids. All are tried; the first failure is the error, with its id in front. */
static int match_each(const struct thole_context *context, const char *pattern,
                      match_action *action, const void *options, struct thole_error *err) {
    regex_t expression;
    int code = regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        char reason[128];
        (void)regerror(code, &expression, reason, sizeof(reason));
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "regular expression \"%s\": %s", pattern,
                         reason);
    }

    struct thole_state **states = NULL;
    size_t count = 0;
    int result = thole_list(context, &states, &count, err);
    for (size_t i = 0; i < count; i++) {
        struct thole_error failure = {0};
        if (regexec(&expression, states[i]->id, 0, NULL, 0) == 0 &&
            action(context, states[i]->id, options, &failure) < 0 && result >= 0) {
            *err = failure;
            result = error_prefix(err, "%s", states[i]->id);
        }
        thole_state_free(states[i]);
    }
    free(states);
    regfree(&expression);
    return result;
}

/* ---- kill ---------------------------------------------------------------------------------- */

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
    .in_order = true,
    .run = run_kill,
};

/* ---- delete -------------------------------------------------------------------------------- */

struct delete_settings {
    bool force;
    bool regex;
};

static const struct option_row delete_options[] = {
    {"force", 'f', OPTION_FLAG, offsetof(struct delete_settings, force), NULL,
     "kill it first if it runs; one that does not exist is no error"},
    {"regex", 'r', OPTION_FLAG, offsetof(struct delete_settings, regex), NULL,
     "ID is an extended regular expression; delete all that match"},
    {0},
};

static int delete_one(const struct thole_context *context, const char *id, const void *options,
                      struct thole_error *err) {
    const struct delete_settings *settings = options;
    return thole_delete(context, id, settings->force, err);
}

static int run_delete(const struct invocation *invocation, int *ret_status,
                      struct thole_error *err) {
    (void)ret_status;
    const struct delete_settings *settings = invocation->options;
    if (settings->regex)
        return match_each(invocation->context, invocation->arguments[0], delete_one, settings, err);
    return delete_one(invocation->context, invocation->arguments[0], settings, err);
}

const struct command command_delete = {
    .name = "delete",
    .arguments = "ID",
    .summary = "remove a container that has stopped or was never started",
    .description = "Its cgroup and state are removed and its poststop hooks run.",
    .options = delete_options,
    .options_size = sizeof(struct delete_settings),
    .run = run_delete,
};
