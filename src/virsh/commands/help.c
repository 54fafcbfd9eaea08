/* SPDX-License-Identifier: Apache-2.0 */
/* help and version. */
#include "virsh/help.h"

#include <stdio.h>

#include "config.h"

#include "base/text.h"

struct help_options {
    const char *command;
};

static const struct option_row help_rows[] = {
    {"command", 0, OPTION_STRING, offsetof(struct help_options, command), "COMMAND",
     "name of a command"},
    {0},
};
static const char *const help_operands[] = {"command", NULL};

static int run_help(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    const struct help_options *options = call->options;
    (void)ret_status;
    if (options->command == NULL) {
        virsh_help_print_program(call->commands);
        return 0;
    }
    const struct virsh_command *command = virsh_command_find(call->commands, options->command);
    if (command == NULL)
        return error_usage(err, "command or command group '%s' doesn't exist", options->command);
    virsh_help_print(command);
    return 0;
}

const struct virsh_command virsh_command_help = {
    .name = "help",
    .summary = "print help",
    .options = help_rows,
    .options_size = sizeof(struct help_options),
    .operands = help_operands,
    .run = run_help,
};

/* ---- version and uri ---- */

static const struct option_row no_rows[] = {{0}};

static int run_version(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    cleanup_text struct text text = {0};
    (void)ret_status;
    text_appendf(&text, "Running hypervisor: thole %s\nCommands of: virsh %s", PACKAGE_VERSION,
                 VIRSH_LEVEL);
    return virsh_answer(call, text.data, err);
}

const struct virsh_command virsh_command_version = {
    .name = "version",
    .summary = "show version",
    .options = no_rows,
    .run = run_version,
};

static int run_uri(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    return virsh_answer(call, call->place->uri, err);
}

const struct virsh_command virsh_command_uri = {
    .name = "uri",
    .summary = "print the hypervisor canonical URI",
    .options = no_rows,
    .run = run_uri,
};
