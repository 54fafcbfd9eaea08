/* SPDX-License-Identifier: Apache-2.0 */
/* Help texts, from the tables. */
#include "virsh/help.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "virsh/options.h"

enum { OPTION_WIDTH = 15, NAME_WIDTH = 30 };

/* The place of an option among the operands; operand count: it is none. */
static size_t operand_index(const struct virsh_command *command, const struct option_row *row) {
    size_t i = 0;
    while (command->operands != NULL && command->operands[i] != NULL &&
           strcmp(command->operands[i], row->name) != 0)
        i++;
    return command->operands != NULL && command->operands[i] != NULL ? i : SIZE_MAX;
}

void virsh_help_append_synopsis(struct text *text, const struct virsh_command *command) {
    text_append(text, command->name);
    for (const struct option_row *row = command->options; row->name != NULL; row++) {
        const size_t operand = operand_index(command, row);
        if (row->help == NULL)
            continue;
        if (operand < command->required)
            text_appendf(text, " <%s>", row->name);
        else if (operand != SIZE_MAX)
            text_appendf(text, " [<%s>]", row->name);
        else if (row->argument == NULL)
            text_appendf(text, " [--%s]", row->name);
        else
            text_appendf(text, " [--%s <%s>]", row->name, row->argument);
    }
    if (command->rest != NULL)
        text_appendf(text, " %s", command->rest);
}

static void append_options(struct text *text, const struct virsh_command *command) {
    for (const struct option_row *row = command->options; row->name != NULL; row++) {
        cleanup_text struct text left = {0};
        if (row->help == NULL)
            continue;
        const bool operand = operand_index(command, row) != SIZE_MAX;
        text_appendf(&left, operand ? "[--%s]" : "--%s", row->name);
        if (row->argument != NULL)
            text_appendf(&left, " <%s>", row->argument);
        text_appendf(text, "    %-*s  %s\n", OPTION_WIDTH, left.data, row->help);
    }
}

void virsh_help_print(const struct virsh_command *command) {
    cleanup_text struct text text = {0};
    text_appendf(&text, "  NAME\n    %s - %s\n\n  SYNOPSIS\n    ", command->name, command->summary);
    virsh_help_append_synopsis(&text, command);
    text_append(&text, "\n");
    const char *rest = command->description;
    const char *line = NULL;
    size_t length = 0;
    if (rest != NULL)
        text_append(&text, "\n  DESCRIPTION\n");
    while (rest != NULL && text_next_line(&rest, &line, &length))
        text_appendf(&text, "    %.*s\n", (int)length, line);
    if (command->options->name != NULL) {
        text_append(&text, "\n  OPTIONS\n");
        append_options(&text, command);
    }
    text_append(&text, "\n");
    (void)fputs(text.data, stdout);
}

void virsh_help_print_program(const struct virsh_command *const *commands) {
    cleanup_text struct text text = {0};
    text_append(&text, "thole-virsh [OPTION]... COMMAND [ARGUMENT]...\n\n  options:\n");
    for (const struct option_row *row = virsh_global_options; row->name != NULL; row++) {
        cleanup_text struct text left = {0};
        if (row->help == NULL)
            continue;
        text_appendf(&left, "-%c | --%s%s%s", row->letter, row->name,
                     row->argument != NULL ? "=" : "", row->argument != NULL ? row->argument : "");
        text_appendf(&text, "    %-*s %s\n", NAME_WIDTH, left.data, row->help);
    }
    text_append(&text, "\n  commands:\n");
    for (; *commands != NULL; commands++) {
        if (!(*commands)->hidden)
            text_appendf(&text, "    %-*s %s\n", NAME_WIDTH, (*commands)->name,
                         (*commands)->summary);
    }
    text_append(&text, "\n  (\"help COMMAND\" tells more about one)\n\n");
    (void)fputs(text.data, stdout);
}
