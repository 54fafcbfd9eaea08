/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts and the help command. */
#include "help.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cli/output.h"
#include "context.h"
#include "hints.h"

const char help_tagline[] = "run containers as the Open Container Initiative specifies them";

void help_append_option(struct text *text, const struct option_row *row) {
    if (row->letter != 0)
        text_appendf(text, "-%c, ", row->letter);
    text_appendf(text, "--%s", row->name);
    if (row->argument != NULL)
        text_appendf(text, row->kind == OPTION_OPTIONAL ? "[=%s]" : " %s", row->argument);
}

/* One line of a list: the left column is @width wide. */
static void append_line(struct text *text, const char *left, size_t width, const char *right) {
    text_appendf(text, "  %-*s  %s\n", (int)width, left, right);
}

static void append_options(struct text *text, const struct option_row *rows) {
    size_t width = sizeof("-h, --help") - 1;
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        cleanup_text struct text left = {0};
        help_append_option(&left, row);
        if (row->help != NULL && left.length > width)
            width = left.length;
    }
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        cleanup_text struct text left = {0};
        help_append_option(&left, row);
        if (row->help != NULL)
            append_line(text, left.data, width, row->help);
    }
    append_line(text, "-h, --help", width, "print this help");
}

static void append_program(struct text *text, const struct command *const *commands) {
    text_appendf(text,
                 "thole: %s\n\nUsage: thole [GLOBAL OPTION]... COMMAND [OPTION]... "
                 "[ARGUMENT]...\n\nCommands:\n",
                 help_tagline);
    for (const struct command *const *at = commands; *at != NULL; at++) {
        if (!(*at)->hidden)
            append_line(text, (*at)->name, 10, (*at)->summary);
    }
    text_append(text, "\nGlobal options:\n");
    append_options(text, global_options);
    cleanup_free char *root = thole_default_root();
    text_appendf(text,
                 "\nThe state of containers is in %s by default.\n"
                 "\"thole help COMMAND\" tells more about a command.\n",
                 root);
}

int help_print_program(const struct command *const *commands, struct thole_error *err) {
    cleanup_text struct text text = {0};
    append_program(&text, commands);
    return output_text(text.data, err);
}

int help_print_hint(const struct command *const *commands, struct thole_error *err) {
    cleanup_text struct text text = {0};
    append_program(&text, commands);
    if (file_write_all(STDERR_FILENO, text.data, text.length) < 0)
        return error_errno(err, NULL, "write to standard error");
    return 0;
}

int help_print_command(const struct command *command, struct thole_error *err) {
    cleanup_text struct text text = {0};
    text_appendf(&text, "thole %s: %s\n\nUsage: thole [GLOBAL OPTION]... %s [OPTION]...%s%s\n\n",
                 command->name, command->summary, command->name,
                 command->arguments[0] != '\0' ? " " : "", command->arguments);
    if (command->description != NULL)
        text_appendf(&text, "%s\n\n", command->description);
    text_append(&text, "Options:\n");
    append_options(&text, command->options);
    return output_text(text.data, err);
}

static int run_help(const struct invocation *invocation, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    if (invocation->argument_count == 0)
        return help_print_program(invocation->commands, err);
    const char *name = invocation->arguments[0];
    const struct command *command = command_find(invocation->commands, name);
    if (command == NULL)
        return hint_unknown_command(invocation->commands, name, err);
    return help_print_command(command, err);
}

const struct command command_help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "print the list of commands, or the help of one",
    .options = command_no_options,
    .run = run_help,
};
