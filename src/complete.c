/* SPDX-License-Identifier: Apache-2.0 */
/* Hidden command for the scripts of src/completion: what may come next on a command line. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cli/completion.h"
#include "cli/output.h"
#include "commands.h"
#include "context.h"

/* The command line so far. */
struct line {
    const struct command *const *commands;
    const struct command *command; /* NULL: it comes next */
    char *const *words;            /* NULL-terminated, behind the program's name */
};

static void offer_commands(const struct completion *completion) {
    const struct line *line = completion->userdata;
    for (const struct command *const *at = line->commands; *at != NULL; at++) {
        if (!(*at)->hidden)
            completion_offer(completion, (*at)->name, (*at)->summary);
    }
}

/* Of a container that a command could do nothing with, the id is no help. */
static bool is_for(const struct command *command, enum thole_status status) {
    static const struct {
        const struct command *command;
        enum thole_status status;
    } only[] = {
        {&command_start, THOLE_STATUS_CREATED},
        {&command_pause, THOLE_STATUS_RUNNING},
        {&command_resume, THOLE_STATUS_PAUSED},
    };
    for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
        if (command == only[i].command)
            return status == only[i].status;
    }
    return true;
}

/* The containers of the root that the line names; what cannot be read offers nothing. */
static void offer_ids(const struct completion *completion) {
    const struct line *line = completion->userdata;
    cleanup_free char *root = NULL;
    struct global_settings settings = {0};
    struct option_arguments words;
    struct logger logger;
    struct thole_context context;
    struct thole_error err = {0};
    struct thole_state **states = NULL;
    size_t count = 0;
    if (line->command == &command_create || line->command == &command_run)
        return; /* a new one */
    if (options_parse(global_options, true, line->words, &settings, &words, &err) == 0 &&
        context_init(&settings, &logger, &context, &root, &err) == 0) {
        context.log.write = NULL;
        (void)thole_list(&context, &states, &count, &err);
    }
    for (size_t i = 0; i < count; i++) {
        if (is_for(line->command, states[i]->status))
            completion_offer(completion, states[i]->id, thole_status_name(states[i]->status));
        thole_state_free(states[i]);
    }
    free(states);
    options_done(global_options, &settings, &words);
}

static void offer_signals(const struct completion *completion) {
    const bool with_sig = text_starts_with(completion->typed, "SIG");
    for (const struct name_value *signal = names_signals; signal->name != NULL; signal++) {
        cleanup_text struct text word = {0};
        text_appendf(&word, with_sig ? "SIG%s" : "%s", signal->name);
        completion_offer(completion, word.data, NULL);
    }
}

static void offer_programs(const struct completion *completion) {
    const struct line *line = completion->userdata;
    if (line->command == &command_help)
        offer_commands(completion);
}

static const struct completion_value values[] = {
    {"DIR", completion_directories, NULL},
    {"BUNDLE", completion_directories, NULL},
    {"FILE", completion_files, NULL},
    {"PATH", completion_files, NULL},
    {"DEST", completion_files, NULL},
    {"ID", NULL, offer_ids},
    {"SIGNAL", NULL, offer_signals},
    {"COMMAND", NULL, offer_programs},
    {0},
};

/* "ID [SIGNAL]": what stands at @index; the last one again where dots follow it. */
static void offer_argument(const struct completion *completion, const char *arguments,
                           size_t index) {
    const char *at = arguments;
    size_t length = strcspn(at, " ");
    for (; index > 0 && at[length] != '\0'; index--) {
        at += length + 1;
        length = strcspn(at, " ");
    }
    cleanup_text struct text word = {0};
    text_append_bytes(&word, at, length);
    if (index > 0 || length == 0)
        return;
    if (strchr(word.data, '|') != NULL)
        completion_offer_choices(completion, word.data);
    else
        completion_offer_argument(completion, values, word.data, length);
}

static void offer(struct completion *completion, const struct option_row *rows,
                  const struct completion_place *place) {
    const struct line *line = completion->userdata;
    const struct option_row *const tables[] = {rows, NULL};
    const struct option_row *row = place->awaits;
    if (row == NULL && !place->options_ended)
        row = completion_split(completion, tables);
    if (row != NULL) {
        completion_offer_value(completion, values, row);
    } else if (completion->typed[0] == '-' && !place->options_ended) {
        completion_offer_options(completion, rows);
        completion_offer(completion, "--help", "print this help");
    } else if (line->command != NULL) {
        offer_argument(completion, line->command->arguments, place->arguments);
    } else {
        offer_commands(completion);
    }
}

static int run_complete(const struct invocation *invocation, int *ret_status,
                        struct thole_error *err) {
    (void)ret_status;
    cleanup_text struct text text = {0};
    struct line line = {.commands = invocation->commands, .words = invocation->arguments + 1};
    const size_t count = invocation->argument_count - 2; /* all but the one being typed */
    struct completion completion = {.text = &text, .typed = line.words[count], .userdata = &line};

    const struct option_row *const global[] = {global_options, NULL};
    struct completion_place place = completion_read(global, true, line.words, count);
    const struct option_row *rows = global_options;
    if (place.first < count) {
        line.command = command_find(line.commands, line.words[place.first]);
        if (line.command == NULL || line.command->hidden)
            return 0;
        const struct option_row *const own[] = {line.command->options, NULL};
        const size_t behind = place.first + 1;
        rows = line.command->options;
        place = completion_read(own, line.command->in_order, line.words + behind, count - behind);
    }
    offer(&completion, rows, &place);
    return text.data == NULL ? 0 : output_text(text.data, err);
}

const struct command command_complete = {
    .name = "complete",
    .arguments = "PROGRAM WORD...",
    .summary = "print what may come next, for the completion of shells",
    .options = command_no_options,
    .in_order = true,
    .hidden = true,
    .run = run_complete,
};
