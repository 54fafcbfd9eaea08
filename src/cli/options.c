/* SPDX-License-Identifier: Apache-2.0 */
/* The option parser. */
#include "cli/options.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/words.h"

/* The words being parsed, and where their values go. */
struct parser {
    const struct option_row *rows;
    char *const *words;
    size_t next; /* the first word that is not consumed yet */
    void *target;
    const char *unknown;
    bool help;
};

const struct option_row *options_find(const struct option_row *rows, const char *name,
                                      size_t length) {
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        if (strncmp(row->name, name, length) == 0 && row->name[length] == '\0')
            return row;
    }
    return NULL;
}

static const struct option_row *find_letter(const struct option_row *rows, char letter) {
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        if (row->letter == letter)
            return row;
    }
    return NULL;
}

static bool parse_bool(const char *value, bool *ret_value) {
    static const struct {
        const char *name;
        bool value;
    } spellings[] = {
        {"true", true}, {"false", false}, {"1", true},   {"0", false}, {"t", true},
        {"f", false},   {"yes", true},    {"no", false}, {"y", true},  {"n", false},
    };
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        if (strcasecmp(spellings[i].name, value) == 0) {
            *ret_value = spellings[i].value;
            return true;
        }
    }
    return false;
}

/* A bar at the beginning: the empty value is one of them. */
static bool is_choice(const char *choices, const char *value) {
    return value[0] == '\0' ? choices[0] == '|' : words_have(choices, value, strlen(value));
}

static void append_string(struct option_strings *list, char *value) {
    char **items = realloc(list->items, (list->count + 2) * sizeof(*items));
    if (items == NULL)
        abort();
    items[list->count++] = value;
    items[list->count] = NULL;
    list->items = items;
}

static void append_number(struct option_numbers *list, uint32_t value) {
    uint32_t *items = realloc(list->items, (list->count + 1) * sizeof(*items));
    if (items == NULL)
        abort();
    items[list->count++] = value;
    list->items = items;
}

static int usage_value(const struct option_row *row, const char *value, const char *wanted,
                       struct thole_error *err) {
    return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "option --%s: \"%s\" is not %s", row->name,
                     value, wanted);
}

int options_store(const struct option_row *row, char *value, void *target,
                  struct thole_error *err) {
    void *member = (char *)target + row->offset;
    if (row->not_empty && value[0] == '\0')
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "option --%s must not be empty",
                         row->name);
    if (row->choices != NULL && !is_choice(row->choices, value))
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "option --%s: \"%s\" is not one of %s",
                         row->name, value, row->choices + strspn(row->choices, "|"));

    uint64_t number = 0;
    bool is_number = row->kind == OPTION_NUMBER || row->kind == OPTION_NUMBERS;
    if (is_number && !text_parse_uint(value, UINT32_MAX, &number))
        return usage_value(row, value, "a number from 0 to 4294967295", err);

    switch (row->kind) {
    case OPTION_FLAG:
        if (!parse_bool(value, member))
            return usage_value(row, value, "true or false", err);
        break;
    case OPTION_STRING:
        *(const char **)member = value[0] != '\0' ? value : NULL;
        break;
    case OPTION_OPTIONAL:
        *(const char **)member = value;
        break;
    case OPTION_NUMBER:
        *(unsigned *)member = (unsigned)number;
        break;
    case OPTION_STRINGS:
        append_string(member, value);
        break;
    case OPTION_NUMBERS:
        append_number(member, (uint32_t)number);
        break;
    }
    return 0;
}

/* @value NULL: there was none in the word itself. */
static int take_option(struct parser *parser, const struct option_row *row, char *value,
                       struct thole_error *err) {
    if (value == NULL && row->kind == OPTION_FLAG) {
        *(bool *)((char *)parser->target + row->offset) = true;
        return 0;
    }
    static char nothing[] = "";
    if (value == NULL && row->kind == OPTION_OPTIONAL)
        return options_store(row, nothing, parser->target, err);
    if (value == NULL && parser->words[parser->next] == NULL)
        return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "option --%s requires an argument",
                         row->name);
    if (value == NULL)
        value = parser->words[parser->next++];
    return options_store(row, value, parser->target, err);
}

/* A word of short options: flags, the last of which may be an option with its value. */
static int parse_letters(struct parser *parser, char *letters, struct thole_error *err) {
    for (char *at = letters; *at != '\0'; at++) {
        const struct option_row *row = find_letter(parser->rows, *at);
        if (row == NULL && (*at == 'h' || *at == '?')) {
            parser->help = true;
            return 0;
        }
        if (row == NULL) {
            parser->unknown = letters;
            if (at == letters)
                return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "unknown option -%s", letters);
            return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "unknown option -%c in -%s", *at,
                             letters);
        }
        char *value = at[1] == '=' ? at + 2 : at + 1;
        if (row->kind != OPTION_FLAG)
            return take_option(parser, row, at[1] != '\0' ? value : NULL, err);
        if (at[1] == '=')
            return take_option(parser, row, value, err);
        if (take_option(parser, row, NULL, err) < 0)
            return -1;
    }
    return 0;
}

static int parse_option(struct parser *parser, char *word, struct thole_error *err) {
    bool two_dashes = word[1] == '-';
    char *name = word + (two_dashes ? 2 : 1);
    size_t length = strcspn(name, "=");
    const struct option_row *row = options_find(parser->rows, name, length);
    if (row != NULL && (two_dashes || length > 1))
        return take_option(parser, row, name[length] == '=' ? name + length + 1 : NULL, err);
    if (strcmp(name, "help") == 0 || strcmp(name, "usage") == 0) {
        parser->help = true;
        return 0;
    }
    if (!two_dashes)
        return parse_letters(parser, name, err);
    parser->unknown = name;
    return error_set(err, THOLE_ERROR_USAGE, 0, NULL, "unknown option --%.*s", (int)length, name);
}

int options_parse(const struct option_row *rows, bool in_order, char *const *words, void *target,
                  struct option_arguments *ret_arguments, struct thole_error *err) {
    size_t word_count = 0;
    while (words[word_count] != NULL)
        word_count++;
    *ret_arguments = (struct option_arguments){.items = calloc(word_count + 1, sizeof(char *))};
    if (ret_arguments->items == NULL)
        abort();

    struct parser parser = {.rows = rows, .words = words, .target = target};
    bool options_ended = false;
    while (words[parser.next] != NULL) {
        char *word = words[parser.next++];
        if (!options_ended && strcmp(word, "--") == 0) {
            options_ended = true;
        } else if (options_ended || word[0] != '-' || word[1] == '\0') {
            ret_arguments->items[ret_arguments->count++] = word;
            options_ended = options_ended || in_order;
        } else if (parse_option(&parser, word, err) < 0) {
            ret_arguments->unknown = parser.unknown;
            return -1;
        }
        ret_arguments->help = parser.help;
        if (parser.help)
            return 0;
    }
    return 0;
}

void options_free_lists(const struct option_row *rows, void *target) {
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        void *member = (char *)target + row->offset;
        if (row->kind == OPTION_STRINGS)
            free(((struct option_strings *)member)->items);
        else if (row->kind == OPTION_NUMBERS)
            free(((struct option_numbers *)member)->items);
    }
}

void options_done(const struct option_row *rows, void *target, struct option_arguments *arguments) {
    options_free_lists(rows, target);
    free(arguments->items);
    *arguments = (struct option_arguments){0};
}
