/* SPDX-License-Identifier: Apache-2.0 */
/* Hidden command for the scripts of src/completion: what may come next on a command line. */
#include <string.h>

#include "cli/completion.h"
#include "cli/output.h"
#include "virsh/commands/commands.h"
#include "virsh/commands/states.h"
#include "virsh/options.h"
#include "virsh/store/domains.h"

/* The command line so far. */
struct line {
    const struct virsh_call *call;
    char *const *words; /* behind the program */
    size_t count;       /* without the one being typed */
};

static void offer_commands(const struct completion *completion) {
    const struct line *line = completion->userdata;
    for (const struct virsh_command *const *at = line->call->commands; *at != NULL; at++) {
        if (!(*at)->hidden)
            completion_offer(completion, (*at)->name, (*at)->summary);
    }
}

/* What cannot be read offers nothing. */
static void offer_domains(const struct completion *completion) {
    const struct line *line = completion->userdata;
    static const struct thole_log quiet = {0};
    struct thole_error err = {0};
    cleanup_virsh_domain_list struct virsh_domain_list list = {0};
    if (virsh_domain_list(line->call->place, &quiet, &list, &err) < 0)
        return;
    for (size_t i = 0; i < list.count; i++)
        completion_offer(completion, list.items[i].name, virsh_state_word(&list.items[i]));
}

static const struct completion_value values[] = {
    {"DOMAIN", NULL, offer_domains},
    {"COMMAND", NULL, offer_commands},
    {"FILE", completion_files, NULL},
    {"MODE", "initctl|signal", NULL},
    {"EVENT", "lifecycle", NULL},
    {"URI", "lxc:///", NULL},
    {0},
};

static const struct option_row *operand(const struct virsh_command *command, size_t index) {
    for (size_t i = 0; command->operands != NULL && command->operands[i] != NULL; i++) {
        if (i == index)
            return options_find(command->options, command->operands[i],
                                strlen(command->operands[i]));
    }
    return NULL;
}

static void offer(struct completion *completion, const struct virsh_command *command,
                  char *const *words, size_t count) {
    const struct option_row *const tables[] = {command->options, NULL};
    const struct completion_place place = completion_read(tables, false, words, count);
    const struct option_row *row = place.awaits;
    if (row == NULL && !place.options_ended)
        row = completion_split(completion, tables);
    if (row == NULL && completion->typed[0] == '-' && !place.options_ended) {
        completion_offer_options(completion, command->options);
        return;
    }
    if (row == NULL && !place.options_ended)
        row = operand(command, place.arguments);
    if (row != NULL)
        completion_offer_value(completion, values, row);
}

/* Global options come before the command. */
static void offer_next(struct completion *completion, const struct line *line) {
    const struct option_row *const tables[] = {virsh_global_options, NULL};
    const struct completion_place place = completion_read(tables, true, line->words, line->count);
    if (place.arguments > 0) {
        const struct virsh_command *command =
            virsh_command_find(line->call->commands, line->words[place.first]);
        if (command != NULL && !command->hidden)
            offer(completion, command, line->words + place.first + 1,
                  line->count - place.first - 1);
        return;
    }
    const struct option_row *row =
        place.awaits != NULL ? place.awaits : completion_split(completion, tables);
    if (row != NULL)
        completion_offer_value(completion, values, row);
    else if (completion->typed[0] == '-')
        completion_offer_options(completion, virsh_global_options);
    else
        offer_commands(completion);
}

static const struct option_row no_rows[] = {{0}};

static int run_complete(const struct virsh_call *call, int *ret_status, struct thole_error *err) {
    cleanup_text struct text text = {0};
    (void)ret_status;
    if (call->argument_count < 2)
        return error_usage(err, "complete takes a program and its words");
    struct line line = {
        .call = call, .words = call->arguments + 1, .count = call->argument_count - 2};
    struct completion completion = {
        .text = &text, .typed = line.words[line.count], .userdata = &line};
    offer_next(&completion, &line);
    return text.data == NULL ? 0 : output_text(text.data, err);
}

const struct virsh_command virsh_command_complete = {
    .name = "complete",
    .summary = "print what may come next, for the completion of shells",
    .options = no_rows,
    .rest = "-- PROGRAM WORD...",
    .hidden = true,
    .run = run_complete,
};
