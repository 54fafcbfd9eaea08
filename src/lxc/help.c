/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts, from the tables, and the manual pages that the build makes of them. */
#include "lxc/help.h"

#include <string.h>

#include "base/text.h"
#include "cli/wrapped.h"
#include "lxc/options.h"

enum { INDENT = 4 };

static void append_option(struct text *text, const struct option_row *row) {
    if (row->letter != 0)
        text_appendf(text, "  -%c, ", row->letter);
    else
        text_append(text, "      ");
    text_appendf(text, "--%s", row->name);
    if (row->argument != NULL)
        text_appendf(text, row->kind == OPTION_OPTIONAL ? "[=%s]" : "=%s", row->argument);
}

static size_t left_width(const struct option_row *row) {
    cleanup_text struct text left = {0};
    append_option(&left, row);
    return row->help != NULL && left.length <= WRAPPED_LEFT_MAX ? left.length : 0;
}

static void append_row(struct text *text, const struct option_row *row, size_t width) {
    cleanup_text struct text left = {0};
    append_option(&left, row);
    wrapped_append_entry(text, left.data, row->help, width + INDENT);
}

static void append_usage(struct text *text, const struct lxc_command *command) {
    text_appendf(text, "Usage: lxc-%s", command->name);
    if (command->naming == LXC_NAME_FIRST_WORD)
        text_append(text, " --name=NAME");
    text_append(text, " [OPTION]...");
    if (command->arguments[0] != '\0')
        text_appendf(text, " %s", command->arguments);
    text_append(text, "\n");
}

void lxc_help_print_usage(const struct lxc_command *command) {
    cleanup_text struct text text = {0};
    append_usage(&text, command);
    (void)fputs(text.data, stderr);
}

void lxc_help_print(const struct lxc_command *command) {
    cleanup_text struct text text = {0};
    size_t width = 0;
    for (const struct option_row *row = command->options; row->name != NULL; row++)
        width = left_width(row) > width ? left_width(row) : width;
    for (const struct option_row *row = lxc_common_options; row->name != NULL; row++)
        width = left_width(row) > width ? left_width(row) : width;

    append_usage(&text, command);
    cleanup_text struct text title = {0};
    text_appendf(&title, "lxc-%s: %s", command->name, command->summary);
    text_append(&text, "\n");
    wrapped_append(&text, title.data, 0);
    if (command->options->name != NULL)
        text_append(&text, "\nOptions :\n");
    for (const struct option_row *row = command->options; row->name != NULL; row++) {
        if (row->help != NULL)
            append_row(&text, row, width);
    }
    text_append(&text, "\nCommon options :\n");
    for (const struct option_row *row = lxc_common_options; row->name != NULL; row++) {
        if (lxc_option_is_common(command, row))
            append_row(&text, row, width);
    }
    if (command->description != NULL) {
        text_append(&text, "\n");
        wrapped_append_paragraphs(&text, command->description);
    }
    text_appendf(&text, "\nlxc-%s(1) tells more.\n", command->name);
    (void)fputs(text.data, stderr);
}

void lxc_help_print_program(const struct lxc_command *const *commands, FILE *stream) {
    cleanup_text struct text text = {0};
    text_append(&text, "thole-lxc: the commands of LXC, for containers of every kind\n\n"
                       "Usage: thole-lxc COMMAND [OPTION]... [ARGUMENT]...\n"
                       "       lxc-COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n");
    for (const struct lxc_command *const *at = commands; *at != NULL; at++) {
        if (!(*at)->hidden)
            text_appendf(&text, "  %-14s  %s\n", (*at)->name, (*at)->summary);
    }
    text_append(&text, "\n\"thole-lxc COMMAND --help\" tells more about a command.\n");
    (void)fputs(text.data, stream);
}
