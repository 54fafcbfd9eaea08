/* SPDX-License-Identifier: Apache-2.0 */
/* Hidden command for the scripts of src/completion: what may come next on a command line. */
#include <string.h>

#include "base/text.h"
#include "cli/completion.h"
#include "cli/output.h"
#include "lxc/commands/commands.h"
#include "lxc/options.h"
#include "lxc/store/listing.h"

/* The command line so far. */
struct line {
    const struct lxc_call *call;
    const struct lxc_command *command; /* NULL: it comes next */
    char *const *words;                /* behind the command */
    size_t count;                      /* without the one being typed */
};

static void offer_commands(const struct completion *completion) {
    const struct line *line = completion->userdata;
    for (const struct lxc_command *const *at = line->call->commands; *at != NULL; at++) {
        if (!(*at)->hidden)
            completion_offer(completion, (*at)->name, (*at)->summary);
    }
}

/* The last --lxcpath of the line, or the configured one. */
static const char *lxcpath_of(const struct line *line) {
    const char *path = line->call->lxcpath;
    for (size_t i = 0; i < line->count; i++) {
        const char *word = line->words[i];
        if (text_starts_with(word, "--lxcpath="))
            path = word + strlen("--lxcpath=");
        else if (text_starts_with(word, "-P") && word[2] != '\0')
            path = word + 2;
        else if (strcmp(word, "-P") == 0 || strcmp(word, "--lxcpath") == 0)
            path = line->words[i + 1];
    }
    return path;
}

/* What cannot be read offers nothing. */
static void offer_names(const struct completion *completion) {
    const struct line *line = completion->userdata;
    static const struct thole_log quiet = {0};
    struct thole_error err = {0};
    cleanup_lxc_listing struct lxc_listing listing = {0};
    if (lxc_listing_read(lxcpath_of(line), true, &quiet, &listing, &err) < 0)
        return;
    for (size_t i = 0; i < listing.count; i++) {
        const struct thole_state *state = listing.items[i].state;
        completion_offer(completion, listing.items[i].name,
                         state != NULL ? thole_status_name(state->status) : "stopped");
    }
}

static const struct completion_value values[] = {
    {"NAME", NULL, offer_names},
    {"ORIGINAL", NULL, offer_names},
    {"PATH", completion_directories, NULL},
    {"DIRECTORY", completion_directories, NULL},
    {"FILE", completion_files, NULL},
    {"DEVICE", completion_files, NULL},
    {"TEMPLATE", "busybox|local|none|oci", NULL},
    {"LEVEL", "TRACE|DEBUG|INFO|NOTICE|WARN|ERROR|CRIT|ALERT|FATAL", NULL},
    {0},
};

static void offer_options(const struct completion *completion, const struct lxc_command *command) {
    completion_offer_options(completion, command->options);
    for (const struct option_row *row = lxc_common_options; row->name != NULL; row++) {
        const struct option_row one[] = {*row, {0}};
        if (lxc_option_is_common(command, row))
            completion_offer_options(completion, one);
    }
}

/* The name may stand in the first word; what follows are the words of the usage line. */
static void offer_argument(const struct completion *completion, const struct lxc_command *command,
                           size_t index) {
    const char *arguments = command->arguments;
    size_t length = strcspn(arguments, " ");
    if (index == 0 && command->naming == LXC_NAME_FIRST_WORD) {
        offer_names(completion);
    } else if (index == 0 && memchr(arguments, '|', length) != NULL) {
        cleanup_text struct text words = {0};
        text_append_bytes(&words, arguments, length);
        if (strcmp(words.data, "NAME|FILE") == 0)
            completion_offer_argument(completion, values, "FILE", strlen("FILE"));
        else
            completion_offer_choices(completion, words.data);
    } else if (index == 0) {
        completion_offer_argument(completion, values, arguments, length);
    }
}

static void offer(struct completion *completion, const struct lxc_command *command) {
    const struct line *line = completion->userdata;
    const struct option_row *const tables[] = {command->options, lxc_common_options, NULL};
    struct completion_place place = completion_read(tables, false, line->words, line->count);
    const struct option_row *row = place.awaits;
    if (row == NULL && !place.options_ended)
        row = completion_split(completion, tables);
    if (row != NULL)
        completion_offer_value(completion, values, row);
    else if (completion->typed[0] == '-' && !place.options_ended)
        offer_options(completion, command);
    else if (!place.options_ended)
        offer_argument(completion, command, place.arguments);
}

/* "lxc-start" is its command, "thole-lxc" has it in the next word. */
static const char *command_name(const char *program) {
    const char *slash = strrchr(program, '/');
    const char *name = slash != NULL ? slash + 1 : program;
    return text_starts_with(name, "lxc-") ? name + strlen("lxc-") : NULL;
}

static int run_complete(const struct lxc_call *call, int *ret_status, struct thole_error *err) {
    (void)ret_status;
    if (call->argument_count < 2)
        return error_usage(err, "complete takes a program and its words");
    cleanup_text struct text text = {0};
    struct line line = {
        .call = call, .words = call->arguments + 1, .count = call->argument_count - 2};
    struct completion completion = {
        .text = &text, .typed = line.words[line.count], .userdata = &line};
    const char *name = command_name(call->arguments[0]);
    if (name == NULL && line.count == 0) {
        offer_commands(&completion);
    } else {
        if (name == NULL) {
            name = *line.words++;
            line.count--;
        }
        line.command = lxc_command_find(call->commands, name);
        if (line.command != NULL && !line.command->hidden)
            offer(&completion, line.command);
    }
    return text.data == NULL ? 0 : output_text(text.data, err);
}

const struct lxc_command lxc_command_complete = {
    .name = "complete",
    .arguments = "-- PROGRAM WORD...",
    .summary = "print what may come next, for the completion of shells",
    .options = lxc_no_options,
    .naming = LXC_NAME_OPTION,
    .no_common = true,
    .hidden = true,
    .run = run_complete,
};
