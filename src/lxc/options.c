/* SPDX-License-Identifier: Apache-2.0 */
/* Option tables as getopt_long(3) reads them. */
#include "lxc/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define MEMBER(name) offsetof(struct lxc_settings, name)

const struct option_row lxc_common_options[] = {
    {"name", 'n', OPTION_STRING, MEMBER(name), "NAME", "NAME of the container"},
    {"lxcpath", 'P', OPTION_STRINGS, MEMBER(lxcpaths), "PATH",
     "look for containers in PATH, not in the configured one"},
    {"logfile", 'o', OPTION_STRING, MEMBER(logfile), "FILE", "write the log to FILE"},
    {"logpriority", 'l', OPTION_STRING, MEMBER(logpriority), "LEVEL",
     "what is important enough for the log: TRACE, DEBUG, INFO, NOTICE, WARN, ERROR (default), "
     "CRIT, "
     "ALERT or FATAL"},
    {"quiet", 'q', OPTION_FLAG, MEMBER(quiet), NULL, "print no errors"},
    {"rcfile", 0, OPTION_STRING, MEMBER(rcfile), "FILE",
     "use the configuration in FILE, not the stored one"},
    {"help", 'h', OPTION_FLAG, MEMBER(help), NULL, "print this help"},
    {"usage", 0, OPTION_FLAG, MEMBER(usage), NULL, "print a short help"},
    {"version", 0, OPTION_FLAG, MEMBER(version), NULL, "print the version"},
    {0},
};

enum { ROWS_MAX = 96, FIRST_VALUE = 256 };

/* The tables of one command, as getopt_long() wants them. Value FIRST_VALUE + i is row i. */
struct table {
    const struct option_row *rows[ROWS_MAX];
    void *targets[ROWS_MAX];
    struct option options[ROWS_MAX + 1];
    char letters[3 * ROWS_MAX + 1]; /* "n:e::h" */
    size_t letter_count;
    size_t count;
};

static bool same_option(const struct option_row *a, const struct option_row *b) {
    return strcmp(a->name, b->name) == 0 || (a->letter != 0 && a->letter == b->letter);
}

bool lxc_option_is_common(const struct lxc_command *command, const struct option_row *row) {
    bool needed = row->offset == MEMBER(help) || row->offset == MEMBER(usage) ||
                  row->offset == MEMBER(version);
    if (command->no_common && !needed)
        return false;
    for (const struct option_row *own = command->options; own->name != NULL; own++) {
        if (same_option(own, row))
            return false;
    }
    return true;
}

static void add(struct table *table, const struct option_row *row, void *target) {
    if (table->count == ROWS_MAX)
        abort();
    /* 0, 1 and 2: as many colons as the letter gets as well. */
    int has_value = row->kind == OPTION_FLAG       ? no_argument
                    : row->kind == OPTION_OPTIONAL ? optional_argument
                                                   : required_argument;
    size_t index = table->count++;
    table->rows[index] = row;
    table->targets[index] = target;
    table->options[index] =
        (struct option){.name = row->name, .has_arg = has_value, .val = FIRST_VALUE + (int)index};
    if (row->letter == 0)
        return;
    table->letters[table->letter_count++] = row->letter;
    for (int colons = has_value; colons > 0; colons--)
        table->letters[table->letter_count++] = ':';
}

static size_t index_of(const struct table *table, int value) {
    if (value >= FIRST_VALUE)
        return (size_t)(value - FIRST_VALUE);
    for (size_t i = 0; i < table->count; i++) {
        if (table->rows[i]->letter == value)
            return i;
    }
    abort();
}

/* For options that say something about one another. */
static void remember_order(struct lxc_settings *settings, char letter) {
    char *before = letter != 0 ? strchr(settings->order, letter) : NULL;
    if (before != NULL)
        memmove(before, before + 1, strlen(before));
    size_t length = strlen(settings->order);
    if (letter != 0 && length + 1 < sizeof(settings->order))
        settings->order[length] = letter;
}

static int take(const struct table *table, int value, struct lxc_settings *settings,
                struct thole_error *err) {
    static char yes[] = "true";
    static char nothing[] = "";
    size_t index = index_of(table, value);
    const struct option_row *row = table->rows[index];
    remember_order(settings, row->letter);
    char *word = row->kind == OPTION_FLAG ? yes : optarg != NULL ? optarg : nothing;
    if (table->targets[index] == settings && row->offset == MEMBER(name) && word[0] == '\0')
        return error_usage(err, "the name of a container is not empty");
    return options_store(row, word, table->targets[index], err);
}

int lxc_options_parse(const struct lxc_command *command, int argc, char *argv[],
                      struct lxc_settings *settings, void *options, struct thole_error *err) {
    struct table table = {0};
    for (const struct option_row *row = command->options; row->name != NULL; row++)
        add(&table, row, options);
    for (const struct option_row *row = lxc_common_options; row->name != NULL; row++) {
        if (lxc_option_is_common(command, row))
            add(&table, row, settings);
    }
    optind = 1;
    for (;;) {
        int value = getopt_long(argc, argv, table.letters, table.options, NULL);
        if (value < 0)
            return optind;
        if (value == '?') /* getopt_long() has said why, unless it was "-?" itself */
            return -1;
        if (take(&table, value, settings, err) < 0)
            return -1;
    }
}
