/* SPDX-License-Identifier: Apache-2.0 */
/* attach: the console of a container that runs in the background. */
#include "commands.h"
#include "terminal_options.h"
#include "thole.h"

#define MEMBER(name) offsetof(struct thole_attach_request, name)

static const struct option_row attach_options[] = {
    {"no-stdin", 0, OPTION_FLAG, MEMBER(no_stdin), NULL, "only look on, send nothing"},
    TERMINAL_OPTIONS(MEMBER(terminal_options)),
    {0},
};

static int run_attach(const struct invocation *invocation, int *ret_status,
                      struct thole_error *err) {
    struct thole_attach_request request = *(const struct thole_attach_request *)invocation->options;
    request.id = invocation->arguments[0];
    terminal_options_complete(&request.terminal_options);
    return thole_attach(invocation->context, &request, ret_status, err);
}

const struct command command_attach = {
    .name = "attach",
    .arguments = "ID",
    .summary = "attach to the console of a container run with --detach --attachable",
    .description =
        "Shows what the program wrote lately and everything from then on; what is typed goes to\n"
        "the program. Any number of terminals can be attached. The detach keys, and a signal, end\n"
        "attach only. When the container ends, the exit status is that of its program.",
    .options = attach_options,
    .options_size = sizeof(struct thole_attach_request),
    .run = run_attach,
};
