/* SPDX-License-Identifier: Apache-2.0 */
/* Reading an unfinished command line, and offering what could come next. */
#include "cli/completion.h"

#include <string.h>

const char completion_files[] = ":files";
const char completion_directories[] = ":directories";

void completion_offer(const struct completion *completion, const char *word, const char *help) {
    if (!text_starts_with(word, completion->typed))
        return;
    text_appendf(completion->text, help != NULL ? "%s\t%s\n" : "%s\n", word, help);
}

void completion_offer_choices(const struct completion *completion, const char *choices) {
    for (const char *at = choices; *at != '\0';) {
        cleanup_text struct text word = {0};
        size_t length = strcspn(at, "|");
        text_append_bytes(&word, at, length);
        if (length > 0)
            completion_offer(completion, word.data, NULL);
        at += length;
        at += *at == '|';
    }
}

void completion_offer_options(const struct completion *completion, const struct option_row *rows) {
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        cleanup_text struct text word = {0};
        if (row->help == NULL)
            continue;
        text_appendf(&word, "--%s", row->name);
        completion_offer(completion, word.data, row->help);
    }
}

void completion_offer_argument(const struct completion *completion,
                               const struct completion_value *values, const char *argument,
                               size_t length) {
    size_t bracket = strspn(argument, "[");
    size_t name = strcspn(argument + bracket, "[]. ");
    if (bracket + name > length)
        return;
    for (const struct completion_value *value = values; value->argument != NULL; value++) {
        if (strlen(value->argument) != name ||
            strncmp(value->argument, argument + bracket, name) != 0)
            continue;
        if (value->choices == completion_files || value->choices == completion_directories)
            text_appendf(completion->text, "%s\n", value->choices);
        else if (value->choices != NULL)
            completion_offer_choices(completion, value->choices);
        else
            value->offer(completion);
    }
}

void completion_offer_value(const struct completion *completion,
                            const struct completion_value *values, const struct option_row *row) {
    if (row->choices != NULL)
        completion_offer_choices(completion, row->choices);
    else if (row->argument != NULL && strchr(row->argument, '|') != NULL)
        completion_offer_choices(completion, row->argument);
    else if (row->argument != NULL)
        completion_offer_argument(completion, values, row->argument, strlen(row->argument));
}

static const struct option_row *find_by_name(const struct option_row *const *tables,
                                             const char *name, size_t length) {
    const struct option_row *row = NULL;
    for (; *tables != NULL && row == NULL; tables++)
        row = options_find(*tables, name, length);
    return row;
}

static const struct option_row *find_by_letter(const struct option_row *const *tables,
                                               char letter) {
    for (; *tables != NULL; tables++) {
        for (const struct option_row *row = *tables; row->name != NULL; row++) {
            if (row->letter == letter)
                return row;
        }
    }
    return NULL;
}

/* The option in @word that takes the next word for its value, or NULL. */
static const struct option_row *awaiting(const struct option_row *const *tables, const char *word) {
    const char *name = word + (word[1] == '-' ? 2 : 1);
    const struct option_row *row = find_by_name(tables, name, strlen(name));
    if (row == NULL && word[1] != '-') {
        /* Only the last of several letters leaves its value to the next word. */
        for (const char *at = name; *at != '\0'; at++) {
            row = find_by_letter(tables, *at);
            if (row == NULL || (row->kind != OPTION_FLAG && at[1] != '\0'))
                return NULL;
        }
    }
    return row == NULL || row->kind == OPTION_FLAG || row->kind == OPTION_OPTIONAL ? NULL : row;
}

struct completion_place completion_read(const struct option_row *const *tables, bool in_order,
                                        char *const *words, size_t count) {
    struct completion_place place = {.first = count};
    for (size_t i = 0; i < count; i++) {
        if (place.awaits != NULL) {
            place.awaits = NULL;
        } else if (!place.options_ended && strcmp(words[i], "--") == 0) {
            place.options_ended = true;
        } else if (!place.options_ended && words[i][0] == '-' && words[i][1] != '\0') {
            place.awaits = awaiting(tables, words[i]);
        } else {
            place.first = place.arguments == 0 ? i : place.first;
            place.arguments++;
            place.options_ended = place.options_ended || in_order;
        }
    }
    return place;
}

const struct option_row *completion_split(struct completion *completion,
                                          const struct option_row *const *tables) {
    const char *typed = completion->typed;
    const char *equals = strchr(typed, '=');
    if (!text_starts_with(typed, "--") || equals == NULL)
        return NULL;
    completion->typed = equals + 1;
    return find_by_name(tables, typed + 2, (size_t)(equals - typed - 2));
}
