/* SPDX-License-Identifier: Apache-2.0 */
/* attach: the console of a container that runs in the background. */
#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "commands.h"
#include "terminal_options.h"
#include "thole.h"

struct attach_settings {
    struct thole_attach_request request;
    const char *console;
};

#define MEMBER(name) offsetof(struct attach_settings, request.name)

static const struct option_row attach_options[] = {
    {"console", 0, OPTION_STRING, offsetof(struct attach_settings, console), "N",
     "terminal N of run --consoles (default: 0, the console), or \"free\": the first free one",
     .not_empty = true},
    {"no-stdin", 0, OPTION_FLAG, MEMBER(no_stdin), NULL, "only look on, send nothing"},
    TERMINAL_OPTIONS(MEMBER(terminal_options)),
    {0},
};

static int parse_console(const char *word, int *ret_console, struct thole_error *err) {
    uint64_t number = 0;
    const bool first_free = strcmp(word, "free") == 0;
    if (!first_free && !text_parse_uint(word, INT_MAX, &number))
        return error_usage(err, "option --console: \"%s\" is not a number or \"free\"", word);
    *ret_console = first_free ? -1 : (int)number;
    return 0;
}

static int run_attach(const struct invocation *invocation, int *ret_status,
                      struct thole_error *err) {
    const struct attach_settings *settings = invocation->options;
    struct thole_attach_request request = settings->request;
    if (settings->console != NULL && parse_console(settings->console, &request.console, err) < 0)
        return -1;
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
    .exit_status =
        "0 when the detach keys or a signal end it. When the container ends, the status of\n"
        "its program; 128 + N if signal N ended that.",
    .options = attach_options,
    .options_size = sizeof(struct attach_settings),
    .run = run_attach,
};
