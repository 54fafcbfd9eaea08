/* SPDX-License-Identifier: Apache-2.0 */
/* hook: what thole runs as a hook of a domain's container. Its state is on standard input
 * (runtime-spec "State"). */
#include <string.h>

#include "nic/hook.h"
#include "translate/hook_state.h"
#include "virsh/commands/commands.h"
#include "virsh/store/domains.h"

struct hook_options {
    const char *word;
};

static const struct option_row rows[] = {
    {"word", 0, OPTION_STRING, offsetof(struct hook_options, word), "WORD", "which one", NULL,
     true},
    {0},
};
static const char *const operands[] = {"word", NULL};

static const struct {
    const char *word;
    int (*run)(const struct oci_state *state, const char *directory, struct thole_error *err);
} hooks[] = {
    {"network-down", nic_hook_down},
    {"network-up", nic_hook_up},
};

static int run_hook(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct hook_options *options = call->options;
    cleanup_arena struct arena arena = {0};
    struct oci_state *state = NULL;
    (void)ret_status;
    if (translate_read_state(&arena, &state, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
        if (strcmp(hooks[i].word, options->word) == 0)
            return hooks[i].run(state, translate_annotation(state, VIRSH_ANNOTATION_DIRECTORY),
                                err);
    }
    return error_usage(err, "there is no hook %s", options->word);
}

const struct virsh_command virsh_command_hook = {
    .name = "hook",
    .summary = "what a container's configuration has thole run",
    .options = rows,
    .options_size = sizeof(struct hook_options),
    .operands = operands,
    .required = 1,
    .hidden = true,
    .run = run_hook,
};
