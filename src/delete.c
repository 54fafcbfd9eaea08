/* SPDX-License-Identifier: Apache-2.0 */
/* delete: removes a container and everything made for it. */
#include "commands.h"
#include "match.h"
#include "thole.h"

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
    .minimum = 1,
    .maximum = 1,
    .run = run_delete,
};
