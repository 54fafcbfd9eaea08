/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts and the help command. */
#include "help.h"

#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "cli/output.h"
#include "cli/wrapped.h"
#include "context.h"
#include "examples.h"
#include "hints.h"

const char help_tagline[] = "run containers as the Open Container Initiative specifies them";

void help_append_option(struct text *text, const struct option_row *row) {
    if (row->letter != 0)
        text_appendf(text, "-%c, ", row->letter);
    text_appendf(text, "--%s", row->name);
    if (row->argument != NULL)
        text_appendf(text, row->kind == OPTION_OPTIONAL ? "[=%s]" : " %s", row->argument);
}

/* An entry of a list whose right column begins at @column. */
static void append_entry(struct text *text, const char *left, const char *right, size_t column) {
    cleanup_text struct text indented = {0};
    text_appendf(&indented, "  %s", left);
    wrapped_append_entry(text, indented.data, right, column);
}

static void append_options(struct text *text, const struct option_row *rows) {
    size_t width = sizeof("-h, --help") - 1;
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        cleanup_text struct text left = {0};
        help_append_option(&left, row);
        if (row->help != NULL && left.length > width && left.length <= WRAPPED_LEFT_MAX)
            width = left.length;
    }
    const size_t column = width + 4;
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        cleanup_text struct text left = {0};
        help_append_option(&left, row);
        if (row->help != NULL)
            append_entry(text, left.data, row->help, column);
    }
    append_entry(text, "-h, --help", "print this help", column);
}

static void append_program(struct text *text, const struct command *const *commands) {
    text_appendf(text,
                 "thole: %s\n\nUsage: thole [GLOBAL OPTION]... COMMAND [OPTION]... "
                 "[ARGUMENT]...\n\nCommands:\n",
                 help_tagline);
    for (const struct command *const *at = commands; *at != NULL; at++) {
        if (!(*at)->hidden)
            append_entry(text, (*at)->name, (*at)->summary, 14);
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

static void append_examples(struct text *text, const struct command *command) {
    const char *title = "\nExamples:\n";
    for (const struct example *example = examples; example->command[0] != '\0'; example++) {
        if (strcmp(example->command, command->name) != 0)
            continue;
        text_appendf(text, "%s  %s\n      ", title, example->line);
        wrapped_append(text, example->purpose, 6);
        title = "";
    }
}

int help_print_command(const struct command *command, struct thole_error *err) {
    cleanup_text struct text text = {0};
    cleanup_text struct text title = {0};
    text_appendf(&title, "thole %s: %s", command->name, command->summary);
    wrapped_append(&text, title.data, 0);
    text_appendf(&text, "\nUsage: thole [GLOBAL OPTION]... %s [OPTION]...%s%s\n\n", command->name,
                 command->arguments[0] != '\0' ? " " : "", command->arguments);
    if (command->description != NULL) {
        wrapped_append(&text, command->description, 0);
        text_append(&text, "\n");
    }
    text_append(&text, "Options:\n");
    append_options(&text, command->options);
    append_examples(&text, command);
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
