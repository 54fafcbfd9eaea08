/* SPDX-License-Identifier: Apache-2.0 */
/* lxc-info: what a container is and does. */
#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/output.h"
#include "lxc/commands/commands.h"
#include "lxc/store/container.h"
#include "lxc/store/states.h"

struct info_options {
    bool pid;
    bool state;
    bool raw;
};

static const struct option_row rows[] = {
    {"pid", 'p', OPTION_FLAG, offsetof(struct info_options, pid), NULL,
     "show the process id of the container's init"},
    {"no-humanize", 'H', OPTION_FLAG, offsetof(struct info_options, raw), NULL,
     "show numbers as they are, and one value alone without its label"},
    {"state", 's', OPTION_FLAG, offsetof(struct info_options, state), NULL,
     "show the state of the container"},
    {0},
};

static void append(struct text *text, bool bare, const char *label, const char *value) {
    if (bare)
        text_appendf(text, "%s\n", value);
    else
        text_appendf(text, "%-15s %s\n", label, value);
}

static int run_info(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    const struct info_options *options = call->options;
    const bool all = !options->pid && !options->state;
    const bool bare = options->raw && options->pid + options->state == 1;
    cleanup_text struct text text = {0};
    cleanup_lxc_container struct lxc_container container = {0};
    struct thole_state *state = NULL;
    if (lxc_container_find(call->name, call->lxcpath, &call->log, &container, err) < 0 ||
        lxc_container_state(&container, &state, err) < 0)
        return -1;
    if (state == NULL && !container.defined) {
        (void)fprintf(stderr, "%s doesn't exist\n", call->name);
        *ret_status = EXIT_FAILURE;
        return 0;
    }
    if (all)
        append(&text, bare, "Name:", container.name);
    if (all || options->state)
        append(&text, bare, "State:", lxc_state_name(lxc_state_of(state)));
    if ((all || options->pid) && state != NULL && state->pid > 0) {
        char pid[16];
        (void)snprintf(pid, sizeof(pid), "%d", (int)state->pid);
        append(&text, bare, "PID:", pid);
    }
    thole_state_free(state);
    cleanup_free char *output = text_take(&text);
    return output_text(output, err);
}

const struct lxc_command lxc_command_info = {
    .name = "info",
    .arguments = "",
    .summary = "show what a container is and does",
    .options = rows,
    .options_size = sizeof(struct info_options),
    .run = run_info,
};
