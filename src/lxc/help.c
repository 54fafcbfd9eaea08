/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts, from the tables, and the manual pages that the build makes of them. */
#include "lxc/help.h"

#include <string.h>

#include "base/text.h"
#include "lxc/options.h"

enum { WIDTH = 80, INDENT = 4, MOST_LEFT = 32 };

static void append_option(struct text *text, const struct option_row *row) {
    if (row->letter != 0)
        text_appendf(text, "  -%c, ", row->letter);
    else
        text_append(text, "      ");
    text_appendf(text, "--%s", row->name);
    if (row->argument != NULL)
        text_appendf(text, row->kind == OPTION_OPTIONAL ? "[=%s]" : "=%s", row->argument);
}

/* Words of @string in lines that begin at @column; the first one is already there. */
static void append_wrapped(struct text *text, const char *string, size_t column) {
    size_t at = column;
    for (const char *word = string; *word != '\0';) {
        size_t length = strcspn(word, " ");
        if (at > column && at + 1 + length > WIDTH) {
            text_appendf(text, "\n%*s", (int)column, "");
            at = column;
        } else if (at > column) {
            text_append(text, " ");
            at++;
        }
        text_append_bytes(text, word, length);
        at += length;
        word += length + strspn(word + length, " ");
    }
    text_append(text, "\n");
}

/* Its own line breaks stay. */
static void append_paragraphs(struct text *text, const char *description) {
    const char *line = NULL;
    size_t length = 0;
    text_append(text, "\n");
    while (text_next_line(&description, &line, &length)) {
        cleanup_text struct text words = {0};
        text_append_bytes(&words, line, length);
        append_wrapped(text, length > 0 ? words.data : "", 0);
    }
}

static size_t left_width(const struct option_row *row) {
    cleanup_text struct text left = {0};
    append_option(&left, row);
    return row->help != NULL && left.length <= MOST_LEFT ? left.length : 0;
}

static void append_row(struct text *text, const struct option_row *row, size_t width) {
    cleanup_text struct text left = {0};
    append_option(&left, row);
    text_append(text, left.data);
    if (left.length > width)
        text_appendf(text, "\n%*s", (int)width + INDENT, "");
    else
        text_appendf(text, "%*s", (int)(width + INDENT - left.length), "");
    append_wrapped(text, row->help, width + INDENT);
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
    text_appendf(&text, "\nlxc-%s: %s\n", command->name, command->summary);
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
    if (command->description != NULL)
        append_paragraphs(&text, command->description);
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
